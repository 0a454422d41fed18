package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Session is a login of the service itself. It is safe for concurrent use.
type Session struct {
	conf    Config
	session session
	stop    context.CancelFunc
	running sync.WaitGroup
}

// OpenSession makes a session; the identity service is not asked yet. Of c it
// uses the credentials, the certificates and how requests are sent.
func OpenSession(c Config) (*Session, error) {
	if err := c.Credentials.check(); err != nil {
		return nil, err
	}
	client, err := newClient(&c)
	if err != nil {
		return nil, err
	}
	s := &Session{conf: c}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.session.open(ctx, client, &s.conf, &s.running)
	return s, nil
}

// Token is one that holds for some time to come. The error is Unavailable when
// there is none to be had.
func (s *Session) Token(ctx context.Context) (string, error) {
	t, err := s.session.token(ctx)
	if err != nil {
		return "", err
	}
	return t.id, nil
}

// Get asks for what is at a path of the identity API below its version, query
// included. An answer may have any status but 401, which is tried again with
// a new token. The error is of kind Unavailable.
func (s *Session) Get(ctx context.Context, path string) (status int, body []byte, err error) {
	for tries := 2; tries > 0; tries-- {
		own, err := s.session.token(ctx)
		if err != nil {
			return 0, nil, err
		}
		answer, err := s.ask(ctx, s.session.endpoint(ctx, own)+path, own)
		if err != nil {
			return 0, nil, err
		}
		if answer.status != http.StatusUnauthorized {
			return answer.status, answer.body, nil
		}
		s.session.drop(own)
	}
	return 0, nil, unavailable(errors.New("the identity service does not accept the service's own token"))
}

func (s *Session) ask(ctx context.Context, url string, own *ownToken) (*reply, error) {
	pause := firstPause
	for left := s.conf.StatusRetries; ; left-- {
		answer, err := s.session.client.do(ctx, http.MethodGet, url, http.Header{"X-Auth-Token": {own.id}}, nil)
		if err != nil || answer.status != http.StatusServiceUnavailable || left <= 0 {
			return answer, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, unavailable(fmt.Errorf("ask the identity service: %w", ctx.Err()))
		}
		pause *= 2
	}
}

// Refused tells that a service did not take a token that Token gave: it is not
// given again.
func (s *Session) Refused(token string) {
	if t := s.session.current.Load(); t != nil && t.id == token {
		s.session.drop(t)
	}
}

// Close ends what still goes on. No Token may come after it.
func (s *Session) Close() error {
	s.stop()
	s.running.Wait()
	s.session.client.http.CloseIdleConnections()
	return nil
}
