package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"glance/internal/glance"
	"glance/internal/store"
)

// Open asks for the data; see store.Driver. Size is 0 where the server does not
// say it. Reading fails with Unavailable when the server is silent for a minute.
func (s *Store) Open(ctx context.Context, location string, offset int64) (store.Data, error) {
	u, err := parse(location)
	if err != nil {
		return store.Data{}, err
	}
	answer, err := s.ask(ctx, http.MethodGet, u, offset)
	if err != nil {
		return store.Data{}, opening(ctx, err)
	}
	data, err := fromOffset(answer, offset)
	if err != nil {
		answer.Body.Close()
	}
	return data, err
}

// opening makes a broken connection an error of reading.
func opening(ctx context.Context, err error) error {
	var known *glance.Error
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return store.Unreachable(err)
}

// fromOffset checks that the server gives what was asked for.
func fromOffset(answer *http.Response, offset int64) (store.Data, error) {
	if offset == 0 {
		return store.Data{ReadCloser: answer.Body, Size: max(answer.ContentLength, 0)}, nil
	}
	first, size, ok := contentRange(answer.Header.Get("Content-Range"))
	switch {
	case answer.StatusCode == http.StatusPartialContent && ok && first == offset:
		return store.Data{ReadCloser: answer.Body, Size: size}, nil
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable && ok && size == offset:
		answer.Body.Close()
		return store.Data{ReadCloser: http.NoBody, Size: size}, nil
	}
	return store.Data{}, store.NoRandomRead(offset)
}

// contentRange reads "bytes 5-9/10", and "bytes */10" with first 0. A size that
// the server does not know is 0.
func contentRange(header string) (first, size int64, ok bool) {
	span, total, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	if !ok {
		return 0, 0, false
	}
	if total != "*" {
		n, err := strconv.ParseInt(total, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		size = n
	}
	if span == "*" {
		return 0, size, true
	}
	from, _, _ := strings.Cut(span, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	return first, size, err == nil && first >= 0
}

// Size asks for the length of the data; see store.Driver. It is 0 where the
// server does not say it, and Invalid when the server cannot be asked.
func (s *Store) Size(ctx context.Context, location string) (int64, error) {
	u, err := parse(location)
	if err != nil {
		return 0, err
	}
	answer, err := s.ask(ctx, http.MethodHead, u, 0)
	if err != nil {
		var known *glance.Error
		if errors.As(err, &known) {
			return 0, err
		}
		return 0, store.BadURL("The HTTP URL is invalid: %w", err)
	}
	answer.Body.Close()
	return max(answer.ContentLength, 0), nil
}

// parse checks a location. Source: spec stores §5.2.
func parse(location string) (*url.URL, error) {
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return nil, store.BadURL("it cannot be read") // the error would repeat credentials
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, store.BadURL("it is not one of the web")
	case u.Hostname() == "":
		return nil, store.BadURL("it has no host")
	}
	if _, ok := u.User.Password(); u.User != nil && !ok {
		return nil, store.BadURL("Credentials are not well-formatted.")
	}
	return u, nil
}

// ask sends a request and follows redirects. It gives an answer below 300, or
// 416 when there is an offset. An error that is no glance.Error is one of the
// connection, without the URL.
func (s *Store) ask(ctx context.Context, method string, u *url.URL, offset int64) (*http.Response, error) {
	for range 1 + maxRedirects {
		answer, err := s.once(ctx, method, u, offset)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode < 300 || offset > 0 && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			return answer, nil
		}
		answer.Body.Close() // unread: it may be endless, or never come
		if u, err = follow(answer, u); err != nil {
			return nil, err
		}
	}
	return nil, store.BadURL("The HTTP URL exceeded %d maximum redirects.", maxRedirects)
}

func (s *Store) once(ctx context.Context, method string, u *url.URL, offset int64) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		cancel()
		return nil, store.BadURL("it cannot be read")
	}
	if offset > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	answer, err := s.client.Do(r)
	if err != nil {
		cancel()
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL
		}
		return nil, err
	}
	answer.Body = store.Watched(answer.Body, idleTimeout, cancel)
	return answer, nil
}

// follow gives the next URL, or the error that an answer of 300 or more is.
func follow(answer *http.Response, u *url.URL) (*url.URL, error) {
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return nil, glance.Errorf(glance.NotFound, "HTTP datastore could not find image at URI.")
	case status >= 500 && answer.Request.Method == http.MethodGet:
		return nil, store.Unreachable(fmt.Errorf("the server answered %s", answer.Status))
	case status >= 400:
		return nil, store.BadURL("HTTP URL %s returned a %d status code.", u.Path, status)
	case status != http.StatusMovedPermanently && status != http.StatusFound:
		return nil, store.BadURL(
			"The HTTP URL %s attempted to redirect with an invalid %d status code.", u.Path, status)
	}
	next, err := answer.Location()
	if err != nil {
		return nil, store.BadURL("it redirects to nowhere")
	}
	return parse(next.String())
}
