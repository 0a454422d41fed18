package api

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"glance/internal/auth"
	"glance/internal/glance"
)

const requestIDHeader = "X-Openstack-Request-Id"

// Identity says how Identify finds out who asks.
type Identity struct {
	Authenticator auth.Authenticator
	// OwnIDs makes a new request id for every request, whatever the client
	// sent. Those who only may read never choose theirs.
	OwnIDs bool
	// MaxRequestID is how many bytes a request id from outside may have; 0 is
	// any number.
	MaxRequestID int
}

// Identify is the context filter: it gives a request its caller and its id,
// and every answer that passes it the header X-Openstack-Request-Id (spec
// images-v2 §1.5, auth-policy §1.2). Failures are answered without one: 401
// for nobody, 431 for a request id that is too long.
func Identify(id Identity) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return Handle(func(w http.ResponseWriter, r *http.Request) error {
			caller, err := id.Authenticator.Authenticate(r.Context(), r.Header)
			if err != nil {
				return err
			}
			caller.RequestID, err = id.requestID(r, caller)
			if err != nil {
				return err
			}
			w.Header().Set(requestIDHeader, caller.RequestID)
			next.ServeHTTP(w, r.WithContext(WithCaller(r.Context(), caller)))
			return nil
		})
	}
}

func (id Identity) requestID(r *http.Request, caller glance.Caller) (string, error) {
	sent := r.Header.Get(requestIDHeader)
	if sent == "" || id.OwnIDs || caller.ReadOnly {
		return newRequestID(), nil
	}
	if id.MaxRequestID > 0 && len(sent) > id.MaxRequestID {
		return "", glance.Detailf(glance.HeaderTooLarge, "x-openstack-request-id is too long, max size %d", id.MaxRequestID)
	}
	if !strings.HasPrefix(sent, "req-") {
		sent = "req-" + sent
	}
	return sent, nil
}

// newRequestID is req- and a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("req-%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
