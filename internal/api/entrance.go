package api

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Entrance is the outermost layer of a server: everything else of this package
// works below it.
type Entrance struct {
	// Log takes what goes wrong. The default is slog.Default.
	Log *slog.Logger
	// Access takes one line per request at level INFO when it is not nil.
	Access *slog.Logger
}

// Wrap puts the entrance in front of a handler. It answers panics and sets the
// scheme in the URL of the request. How long a client may stand still is the
// business of the server below.
func (e Entrance) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res := newResponse(w)
		res.log = e.Log
		if e.Access != nil {
			defer e.logAccess(r, res, time.Now())
		}
		r = prepare(res, r)
		defer settle(res, r)
		next.ServeHTTP(res, r)
		res.begin() // for OnHeader, when nothing was written at all
	})
}

// prepare copies the request, because handlers must not change the original.
func prepare(res *response, r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	u := *r.URL
	u.Scheme = "http" // whatever the request line claimed
	if r.TLS != nil {
		u.Scheme = "https"
	}
	r.URL = &u
	if r.Body != nil && r.Body != http.NoBody {
		res.body = &body{ReadCloser: r.Body}
		r.Body = res.body
	}
	return r
}

// logAccess writes the line of spec servers §4.
func (e Entrance) logAccess(r *http.Request, res *response, start time.Time) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "-"
	}
	e.Access.LogAttrs(r.Context(), slog.LevelInfo, fmt.Sprintf("%s - - [%s] %q %d %d %.6f",
		host, start.Format("02/Jan/2006 15:04:05"), r.Method+" "+r.RequestURI+" "+r.Proto,
		res.status, res.bytes, time.Since(start).Seconds()))
}
