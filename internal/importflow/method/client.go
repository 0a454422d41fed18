package method

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"glance/internal/importflow"
)

const (
	dialTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	idleTimeout   = 60 * time.Second
	maxRedirects  = 10 // as the original
)

// client reads URLs that a user names. Where it connects itself it takes the
// addresses that the filter has seen, so that a name cannot change in between; a
// proxy of the environment looks names up by itself.
type client struct {
	http   http.Client
	filter *importflow.Filter
}

// tokenHeader goes to nobody but the host that it is meant for.
const tokenHeader = "X-Auth-Token"

// pinned is the key of the addresses of a request's host in its context.
type pinned struct{}

func newClient(filter *importflow.Filter) *client {
	c := &client{filter: filter}
	c.http = http.Client{CheckRedirect: c.redirect, Transport: admitting{filter, &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		DisableKeepAlives:     true, // another request may have other addresses
		DisableCompression:    true, // the data is what the server has
	}}}
	return c
}

// admitting asks the filter before every request, those after redirects
// included.
type admitting struct {
	filter *importflow.Filter
	next   http.RoundTripper
}

func (a admitting) RoundTrip(r *http.Request) (*http.Response, error) {
	addrs, ok := a.filter.Admit(r.Context(), r.URL.String())
	if !ok {
		return nil, fmt.Errorf("%s does not pass filtering", place(r.URL))
	}
	if r.URL.User != nil {
		return nil, errors.New("names and passwords in URLs are not sent")
	}
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		r = r.WithContext(context.WithValue(r.Context(), pinned{}, addrs))
	}
	return a.next.RoundTrip(r)
}

// dial connects to the host of the request at its known addresses, one after the
// other, or to a proxy.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	addrs, direct := ctx.Value(pinned{}).([]netip.Addr)
	_, port, err := net.SplitHostPort(address)
	if err != nil || !direct {
		return d.DialContext(ctx, network, address)
	}
	failed := errors.New("no address")
	for _, addr := range addrs {
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	return nil, failed
}

// redirect admits the next hop, and no more of them than the original follows.
func (c *client) redirect(r *http.Request, via []*http.Request) error {
	r.Header.Del("Referer")
	if r.URL.Host != via[0].URL.Host {
		r.Header.Del(tokenHeader)
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	if _, ok := c.filter.Admit(r.Context(), r.URL.String()); !ok {
		return fmt.Errorf("Redirect to disallowed URL: %s", place(r.URL))
	}
	return nil
}

// place is what may be logged of a URL.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host }

// get sends a request; the answer is one of success, whose body ends with an
// error when nothing comes for a while.
func (c *client) get(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	r = r.WithContext(ctx)
	r.Header.Set("Accept-Encoding", "identity")
	answer, err := c.http.Do(r)
	if err != nil {
		cancel(nil)
		var long *url.Error
		if errors.As(err, &long) {
			err = long.Err // without the URL
		}
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		defer cancel(nil)
		return nil, refused(answer)
	}
	b := &guarded{ReadCloser: answer.Body, ctx: ctx, cancel: cancel}
	b.watch = time.AfterFunc(idleTimeout, func() { cancel(errStalled) })
	b.watch.Stop()
	answer.Body = b
	return answer, nil
}

var errStalled = errors.New("the transfer stood still")

// guarded ends a read that takes too long.
type guarded struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // that of the request, whose end ends the body
	cancel context.CancelCauseFunc
	watch  *time.Timer
}

func (g *guarded) Read(b []byte) (int, error) {
	g.watch.Reset(idleTimeout)
	n, err := g.ReadCloser.Read(b)
	g.watch.Stop()
	if err != nil && !errors.Is(err, io.EOF) && g.ctx.Err() != nil {
		err = context.Cause(g.ctx)
	}
	return n, err
}

func (g *guarded) Close() error {
	g.watch.Stop()
	g.cancel(nil)
	return g.ReadCloser.Close()
}
