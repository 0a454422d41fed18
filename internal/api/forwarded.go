package api

import (
	"net/http"
	"strings"
)

// ForwardedHeaders is the filter http_proxy_to_wsgi with
// enable_proxy_headers_parsing: it believes a proxy about scheme, host, address
// and path prefix of a request (spec images-v2 §3.2). Forwarded (RFC 7239)
// beats X-Forwarded-*; of several proxies the first one counts. Values that
// could not stand in a URL are ignored. It is only safe behind a proxy that
// sets these headers itself.
func ForwardedHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := forwarded{
			proto: firstItem(r.Header.Get("X-Forwarded-Proto")),
			host:  firstItem(r.Header.Get("X-Forwarded-Host")),
			from:  firstItem(r.Header.Get("X-Forwarded-For")),
		}
		if header := r.Header.Get("Forwarded"); header != "" {
			f = parseForwarded(header)
		}
		next.ServeHTTP(w, f.apply(r))
	})
}

func firstItem(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}

// forwarded is what a proxy says about the request it passed on.
type forwarded struct{ proto, host, from string }

// parseForwarded reads the first element of a Forwarded header.
func parseForwarded(header string) forwarded {
	var f forwarded
	for rest := header; ; {
		name, value, end := "", "", byte(0)
		name, value, end, rest = forwardedPair(rest)
		switch strings.ToLower(name) {
		case "proto":
			f.proto = value
		case "host":
			f.host = value
		case "for":
			f.from = value
		}
		if end != ';' {
			return f
		}
	}
}

// forwardedPair takes "name=value" off the front, up to a semicolon or comma
// outside quotes. end is that character, 0 at the end of the header.
func forwardedPair(header string) (name, value string, end byte, rest string) {
	var b []byte
	quoted, sawName := false, false
	i := 0
scan:
	for ; i < len(header); i++ {
		switch c := header[i]; {
		case quoted && c == '\\' && i+1 < len(header):
			i++
			b = append(b, header[i])
		case c == '"':
			quoted = !quoted
		case quoted:
			b = append(b, c)
		case c == ';' || c == ',':
			end = c
			break scan
		case c == '=' && !sawName:
			sawName = true
			name = strings.TrimSpace(string(b))
			b = b[:0]
		default:
			b = append(b, c)
		}
	}
	if i < len(header) {
		rest = header[i+1:]
	}
	return name, strings.TrimSpace(string(b)), end, rest
}

func (f forwarded) apply(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	u := *r.URL
	r.URL = &u
	if isScheme(f.proto) {
		u.Scheme = strings.ToLower(f.proto)
	}
	if isHost(f.host) {
		r.Host = f.host
	}
	if f.from != "" {
		r.RemoteAddr = f.from
	}
	if prefix := strings.TrimRight(r.Header.Get("X-Forwarded-Prefix"), "/"); strings.HasPrefix(prefix, "/") {
		r.SetPathValue(mountValue, prefix+Mount(r))
	}
	return r
}

func isScheme(s string) bool {
	return strings.EqualFold(s, "http") || strings.EqualFold(s, "https")
}

// isHost lets through names, addresses and ports.
func isHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`/\?#@"<>%^{|}`+"`", c) >= 0 {
			return false
		}
	}
	return s != ""
}
