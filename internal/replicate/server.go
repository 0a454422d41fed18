package replicate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"glance/internal/glance"
)

const (
	maxDescription = 64 << 20 // bytes of an answer that is no image data
	maxComplaint   = 300      // characters of it in an error
)

// Server is an Images API.
type Server struct {
	url   string
	token string
	http  http.Client
}

// NewServer is the API at a URL that ParseAddress gave. An empty token is not
// sent. chunk is how many bytes of image data are read and written at once.
func NewServer(url, token string, chunk int) *Server {
	s := &Server{url: url, token: token}
	s.http.Transport = &http.Transport{
		WriteBufferSize: chunk, ReadBufferSize: chunk,
		IdleConnTimeout: 90 * time.Second, ExpectContinueTimeout: time.Second, TLSHandshakeTimeout: 30 * time.Second,
	}
	// A token does not go where another server says.
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// request is what is asked.
type request struct {
	method, path string
	media        string // of the body
	body         io.Reader
	length       int64
}

// do asks. Kinds of errors: that of the status, Unavailable where there is no
// answer.
func (s *Server) do(ctx context.Context, q request, want int) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, s.url+q.path, q.body)
	if err != nil {
		return nil, glance.Because(glance.Invalid, err, "that is no request")
	}
	r.ContentLength = q.length
	if s.token != "" {
		r.Header.Set("X-Auth-Token", s.token)
	}
	if q.media != "" {
		r.Header.Set("Content-Type", q.media)
	}
	if q.media == octets {
		r.Header.Set("Expect", "100-continue") // do not send what is refused
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, &glance.Error{Kind: glance.Unavailable, Cause: err}
	}
	if answer.StatusCode == want {
		return answer, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // a part of it is better than nothing
	return nil, glance.Errorf(kindOf(answer.StatusCode), "%s %s: %s%s", q.method, s.url+q.path, answer.Status, complaint(text))
}

func kindOf(status int) glance.Kind {
	switch status {
	case http.StatusUnauthorized:
		return glance.Unauthenticated
	case http.StatusForbidden:
		return glance.Forbidden
	case http.StatusNotFound:
		return glance.NotFound
	case http.StatusConflict:
		return glance.Conflict
	case http.StatusRequestEntityTooLarge:
		return glance.TooLarge
	}
	return glance.Invalid
}

var tags = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)

// complaint is what a server says of an error, in one line.
func complaint(body []byte) string {
	text := strings.Join(strings.Fields(tags.ReplaceAllString(string(body), " ")), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if r := []rune(text); len(r) > maxComplaint {
		text = string(r[:maxComplaint]) + "…"
	}
	if text == "" {
		return ""
	}
	return ": " + text
}

// ask sends a document, if there is one, and reads the answer into out.
func (s *Server) ask(ctx context.Context, method, path, media string, doc any, want int, out any) error {
	q := request{method: method, path: path, media: media}
	if doc != nil {
		text, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		q.body, q.length = bytes.NewReader(text), int64(len(text))
	}
	answer, err := s.do(ctx, q, want)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(io.LimitReader(answer.Body, maxDescription))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return glance.Because(glance.Unavailable, err, method+" "+s.url+path+": the answer is not that of an Images API v2")
	}
	return nil
}

const (
	octets    = "application/octet-stream"
	jsonMedia = "application/json"
	patches   = "application/openstack-images-v2.1-json-patch"
)

func pathOf(id string) string { return "/v2/images/" + url.PathEscape(id) }

// show is nil for an image that is not there, or not for us.
func (s *Server) show(ctx context.Context, id string) (Image, error) {
	var img Image
	err := s.ask(ctx, http.MethodGet, pathOf(id), "", nil, http.StatusOK, &img)
	if errors.Is(err, glance.NotFound) {
		return nil, nil
	}
	return img, err
}

func (s *Server) create(ctx context.Context, img Image) error {
	return s.ask(ctx, http.MethodPost, "/v2/images", jsonMedia, img, http.StatusCreated, nil)
}

func (s *Server) patch(ctx context.Context, id string, ops []operation) error {
	return s.ask(ctx, http.MethodPatch, pathOf(id), patches, ops, http.StatusOK, nil)
}

// download gives the data of an image; the caller closes it.
func (s *Server) download(ctx context.Context, id string) (io.ReadCloser, error) {
	answer, err := s.do(ctx, request{method: http.MethodGet, path: pathOf(id) + "/file"}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// upload gives a queued image its data, which is that of img at its source.
func (s *Server) upload(ctx context.Context, img Image, src io.Reader) error {
	data := verify(img, src)
	q := request{method: http.MethodPut, path: pathOf(img.id()) + "/file", media: octets, body: data, length: img.size()}
	switch {
	case !data.sized:
		q.length = -1
	case q.length == 0:
		q.body = http.NoBody
	}
	answer, err := s.do(ctx, q, http.StatusNoContent)
	if data.err != nil { // which broke the request off
		return data.err
	}
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	return s.confirm(ctx, img)
}

// confirm asks the target what it has received.
func (s *Server) confirm(ctx context.Context, img Image) error {
	got, err := s.show(ctx, img.id())
	if err != nil {
		return err
	}
	differs := func(key string) bool { return img[key] != nil && got[key] != nil && !same(img[key], got[key]) }
	hash := img["os_hash_algo"] != nil && same(img["os_hash_algo"], got["os_hash_algo"]) && differs("os_hash_value")
	if got == nil || differs("size") || differs("checksum") || hash {
		return glance.Errorf(glance.Invalid, "what the target has received is not what was sent: %s", describe(got))
	}
	return nil
}

func describe(img Image) string {
	return fmt.Sprintf("status %s, size %d, checksum %s", img.status(), img.size(), img.text("checksum"))
}
