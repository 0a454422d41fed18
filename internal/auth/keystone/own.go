package keystone

import (
	"context"
	"sync"
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
