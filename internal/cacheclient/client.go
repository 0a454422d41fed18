package cacheclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"glance/internal/glance"
)

const maxAnswer = 64 << 20 // bytes

// Client speaks to one server.
type Client struct {
	URL   string // without a slash at the end
	Token func(ctx context.Context) (string, error)
	HTTP  http.RoundTripper
}

// Image is one that is in the cache.
type Image struct {
	ID           string      `json:"image_id"`
	LastAccessed Time        `json:"last_accessed"`
	LastModified Time        `json:"last_modified"`
	Size         json.Number `json:"size"`
	Hits         json.Number `json:"hits"`
}

// Time is a moment in seconds since 1970, with fractions; 0 is never.
type Time float64

// String is Python's isoformat in UTC.
func (t Time) String() string {
	seconds, fraction := math.Modf(float64(t))
	micros := int64(math.RoundToEven(fraction * 1e6))
	at := time.Unix(int64(seconds), micros*int64(time.Microsecond)).UTC()
	if at.Nanosecond() == 0 {
		return at.Format("2006-01-02T15:04:05")
	}
	return at.Format("2006-01-02T15:04:05.000000")
}

// Cached are the images in the cache.
func (c *Client) Cached(ctx context.Context) ([]Image, error) {
	var list struct {
		Images []Image `json:"cached_images"`
	}
	err := c.do(ctx, http.MethodGet, "/v2/cached_images", &list)
	return list.Images, err
}

// Queued are the ids of images that are to be cached, the first one first.
func (c *Client) Queued(ctx context.Context) ([]string, error) {
	var list struct {
		IDs []string `json:"queued_images"`
	}
	err := c.do(ctx, http.MethodGet, "/v2/queued_images", &list)
	return list.IDs, err
}

// Queue lets an image be cached.
func (c *Client) Queue(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPut, "/v2/queued_images/"+url.PathEscape(id), nil)
}

// DeleteCached takes an image out of the cache.
func (c *Client) DeleteCached(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/v2/cached_images/"+url.PathEscape(id), nil)
}

// DeleteQueued takes an image out of the queue.
func (c *Client) DeleteQueued(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/v2/queued_images/"+url.PathEscape(id), nil)
}

// DeleteAllCached empties the cache and tells how many images were in it.
func (c *Client) DeleteAllCached(ctx context.Context) (int, error) {
	return c.deleteAll(ctx, "/v2/cached_images")
}

// DeleteAllQueued empties the queue and tells how many images were in it.
func (c *Client) DeleteAllQueued(ctx context.Context) (int, error) {
	return c.deleteAll(ctx, "/v2/queued_images")
}

func (c *Client) deleteAll(ctx context.Context, path string) (int, error) {
	var answer struct {
		Deleted int `json:"num_deleted"`
	}
	err := c.do(ctx, http.MethodDelete, path, &answer)
	return answer.Deleted, err
}

// do sends a request and reads the answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.URL+path, nil)
	if err != nil {
		return glance.Because(glance.Invalid, err, "The address of the server makes no URL: "+c.URL)
	}
	token, err := c.Token(ctx)
	if err != nil {
		return err
	}
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	answer, err := c.HTTP.RoundTrip(r) // and no further: redirects are not followed
	if err != nil {
		return glance.Because(glance.Unavailable, err, connectionText(err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return glance.Because(glance.Unavailable, err, connectionText(err))
	case answer.StatusCode < http.StatusOK || answer.StatusCode > http.StatusNoContent:
		return refusal(answer.StatusCode, string(body))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return glance.Because(glance.Internal, err, "The answer of the server is not that of an Images API v2: "+err.Error())
	}
	return nil
}

// connectionText is a failure of the system as Python spells it.
func connectionText(err error) string {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err.Error()
	}
	text := number.Error()
	return fmt.Sprintf("[Errno %d] %s", int(number), strings.ToUpper(text[:1])+text[1:])
}

// refusal has the texts of the original's client (glance/common/exception.py).
func refusal(status int, body string) error {
	kind, text := glance.Internal, body
	switch status {
	case http.StatusUnauthorized:
		kind = glance.Unauthenticated
	case http.StatusForbidden:
		kind = glance.Forbidden
	case http.StatusNotFound:
		kind = glance.NotFound
	case http.StatusBadRequest, http.StatusConflict:
	case http.StatusRequestEntityTooLarge:
		text = "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold was breached.\n\nThe response body:\n" + body
	case http.StatusInternalServerError:
		text = "The request returned 500 Internal Server Error."
	case http.StatusServiceUnavailable:
		text = "The request returned 503 Service Unavailable. This generally occurs on service overload or other transient outage."
	default:
		text = fmt.Sprintf("The request returned an unexpected status: %d.\n\nThe response body:\n%s", status, body)
	}
	if text == "" {
		text = kind.Error()
	}
	return &glance.Error{Kind: kind, Message: text}
}
