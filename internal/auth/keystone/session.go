package keystone

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// renewAhead is how long before its end the service's own token is replaced.
const renewAhead = 30 * time.Second

// ownToken is what the service logs in with.
type ownToken struct {
	id       string
	expires  time.Time
	endpoint string // of the identity service in its catalog, or empty
}

// session keeps the service's own token.
type session struct {
	client    *client
	endpoints *endpoints
	conf      *Config
	current   atomic.Pointer[ownToken]
	renewals  flights[struct{}, *ownToken]
}

// open makes a session whose goroutines are counted and end with ctx.
func (s *session) open(ctx context.Context, client *client, c *Config, running *sync.WaitGroup) {
	s.client, s.conf = client, c
	s.endpoints = &endpoints{client: client, found: map[string]string{}}
	s.renewals = newFlights[struct{}, *ownToken](ctx, running)
}

// token is one that holds for some time to come. It is Unavailable when there
// is none to be had.
func (s *session) token(ctx context.Context) (*ownToken, error) {
	now := s.current.Load()
	if now != nil && time.Until(now.expires) > renewAhead {
		return now, nil
	}
	next, err := s.renewals.do(ctx, struct{}{}, func(ctx context.Context) (*ownToken, error) {
		if t := s.current.Load(); t != now && t != nil && time.Until(t.expires) > renewAhead {
			return t, nil // somebody has renewed it since we looked
		}
		return s.renew(ctx)
	})
	if err != nil && now != nil && time.Until(now.expires) > 0 {
		return now, nil // it still holds; the next request tries again
	}
	return next, err
}

// drop makes the next request log in anew when t was refused.
func (s *session) drop(t *ownToken) { s.current.CompareAndSwap(t, nil) }

// endpoint is where tokens are checked: the identity service of the catalog,
// else the one that gave the token.
func (s *session) endpoint(ctx context.Context, t *ownToken) string {
	if t.endpoint != "" {
		return s.endpoints.v3(ctx, t.endpoint)
	}
	return s.endpoints.v3(ctx, s.conf.Credentials.AuthURL)
}

func (s *session) renew(ctx context.Context) (*ownToken, error) {
	body, err := s.conf.Credentials.request()
	if err != nil {
		return nil, unavailable(err)
	}
	answer, err := s.client.do(ctx, http.MethodPost, s.endpoints.v3(ctx, s.conf.Credentials.AuthURL)+"/auth/tokens", http.Header{}, body)
	if err != nil {
		return nil, err
	}
	t, err := s.read(answer)
	if err != nil {
		return nil, unavailable(fmt.Errorf("log in at the identity service: %w", err))
	}
	s.current.Store(t)
	return t, nil
}

func (s *session) read(answer *reply) (*ownToken, error) {
	if answer.status != http.StatusCreated && answer.status != http.StatusOK {
		return nil, fmt.Errorf("it answers %d", answer.status)
	}
	var doc document
	if err := json.Unmarshal(answer.body, &doc); err != nil {
		return nil, errNonsense
	}
	t := &ownToken{id: answer.header.Get("X-Subject-Token"), endpoint: s.conf.identity(doc.Token.Catalog)}
	expires, ok := parseTime(doc.Token.ExpiresAt)
	if t.id == "" || !ok {
		return nil, errNonsense
	}
	t.expires = expires
	return t, nil
}

// identity is the URL of the identity service, "" when it is not in the catalog.
func (c *Config) identity(in catalog) string {
	if c.Endpoint != "" {
		return c.Endpoint
	}
	for _, iface := range c.Interfaces {
		if url := in.find(cmp.Or(c.EndpointType, "identity"), c.EndpointName, iface, c.Region); url != "" {
			return url
		}
	}
	return ""
}

// find is the URL of an endpoint; an empty name or region is any. Both internal
// and internalURL are spelled.
func (c catalog) find(service, name, iface, region string) string {
	iface = strings.TrimSuffix(iface, "URL")
	for _, s := range c {
		if s.Type != service || name != "" && (s.Name == nil || *s.Name != name) {
			continue
		}
		for _, e := range s.Endpoints {
			if strings.TrimSuffix(e.Interface, "URL") == iface && (region == "" || e.Region == region || e.RegionID == region) {
				return e.URL
			}
		}
	}
	return ""
}
