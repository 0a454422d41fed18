package keystone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"glance/internal/clienttls"
	"glance/internal/glance"
)

const (
	defaultTimeout = 30 * time.Second // the original waits for ever
	maxBody        = 4 << 20          // bytes; a catalog of hundreds of endpoints has a tenth
	firstPause     = 500 * time.Millisecond
	connections    = 64 // at the same time: a burst of tokens must not be one of connections
	redirects      = 10
)

// client speaks HTTP with the identity service.
type client struct {
	http    http.Client
	timeout time.Duration
	retries int
	agent   string
}

func newClient(c *Config) (*client, error) {
	transport, err := clienttls.Files{
		CA:       clienttls.File{Option: "cafile", Path: c.CAFile},
		Cert:     clienttls.File{Option: "certfile", Path: c.CertFile},
		Key:      clienttls.File{Option: "keyfile", Path: c.KeyFile},
		Insecure: c.Insecure,
	}.Transport()
	if err != nil {
		return nil, err
	}
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = connections, connections/2
	out := &client{timeout: c.Timeout, retries: c.Retries, agent: c.UserAgent}
	if out.timeout <= 0 {
		out.timeout = defaultTimeout
	}
	out.http = http.Client{Transport: transport, CheckRedirect: sameServer}
	return out, nil
}

// sameServer keeps tokens and passwords, which go along with a redirect, where
// they were sent.
func sameServer(r *http.Request, via []*http.Request) error {
	was := via[len(via)-1].URL
	switch {
	case len(via) >= redirects:
		return errors.New("too many redirects")
	case r.URL.Hostname() != was.Hostname(), was.Scheme == "https" && r.URL.Scheme != "https":
		return errors.New("redirected to another server")
	}
	return nil
}

// reply is an answer of any status.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request, again after failed connections, and reads the whole
// answer. Any failure of that is Unavailable.
func (c *client) do(ctx context.Context, method, url string, header http.Header, body []byte) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	pause := firstPause
	for left := c.retries; ; left-- {
		r, err := c.once(ctx, method, url, header, body)
		switch {
		case err == nil:
			return r, nil
		case left <= 0 || !connecting(err) || ctx.Err() != nil:
			return nil, unavailable(fmt.Errorf("ask the identity service: %w", err))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause *= 2
	}
}

func (c *client) once(ctx context.Context, method, url string, header http.Header, body []byte) (*reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header.Clone()
	r.Header.Set("Accept", "application/json")
	if c.agent != "" {
		r.Header.Set("User-Agent", c.agent)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(text) > maxBody:
		return nil, fmt.Errorf("the answer has more than %d bytes", maxBody)
	}
	return &reply{answer.StatusCode, answer.Header, text}, nil
}

// connecting reports whether a request failed before there was an answer, by
// something that may be better in a moment.
func connecting(err error) bool {
	var request *url.Error
	if !errors.As(err, &request) || request.Timeout() {
		return false
	}
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// unavailable is the failure of whoever needs the identity service now.
// Compat: the detail is the original's.
func unavailable(cause error) error {
	return &glance.Error{Kind: glance.Unavailable, Detail: "The Keystone service is temporarily unavailable.", Cause: cause}
}
