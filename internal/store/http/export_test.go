package http

import (
	"context"
	"net"
	"net/http"
)

// SetDial replaces the network, which has no part in faked time.
func (s *Store) SetDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	s.client.Transport.(*http.Transport).DialContext = dial
}
