package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"

	"glance/internal/auth"
	"glance/internal/glance"
	"glance/internal/oslolog"
)

// kindStatus is the status that each kind of error becomes.
var kindStatus = [...]int{
	glance.Internal:            http.StatusInternalServerError,
	glance.Invalid:             http.StatusBadRequest,
	glance.Unauthenticated:     http.StatusUnauthorized,
	glance.Forbidden:           http.StatusForbidden,
	glance.NotFound:            http.StatusNotFound,
	glance.Conflict:            http.StatusConflict,
	glance.Gone:                http.StatusGone,
	glance.TooLarge:            http.StatusRequestEntityTooLarge,
	glance.UnsupportedMedia:    http.StatusUnsupportedMediaType,
	glance.RangeNotSatisfiable: http.StatusRequestedRangeNotSatisfiable,
	glance.HeaderTooLarge:      http.StatusRequestHeaderFieldsTooLarge,
	glance.Unavailable:         http.StatusServiceUnavailable,
	glance.Unsupported:         http.StatusBadRequest, // spec stores §2: what a store cannot do is 400
	glance.BadGateway:          http.StatusBadGateway,
	glance.GatewayTimeout:      http.StatusGatewayTimeout,
}

// statusText is what an answer says besides the error's own texts.
type statusText struct {
	title       string
	explanation string // when the error brings none
	template    string // of the body, when it is not bodyTemplate
}

// statusTexts are the words of each status (spec images-v2 §1.4).
var statusTexts = map[int]statusText{
	http.StatusBadRequest:                   {title: "Bad Request", explanation: "The server could not comply with the request since it is either malformed or otherwise incorrect."},
	http.StatusUnauthorized:                 {title: "Unauthorized", explanation: "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required."},
	http.StatusForbidden:                    {title: "Forbidden", explanation: "Access was denied to this resource."},
	http.StatusNotFound:                     {title: "Not Found", explanation: "The resource could not be found."},
	http.StatusMethodNotAllowed:             {title: "Method Not Allowed", template: "The method ${method} is not allowed for this resource. <br /><br />\n${detail}"},
	http.StatusRequestTimeout:               {title: "Request Timeout", explanation: "The server has waited too long for the request to be sent by the client."},
	http.StatusConflict:                     {title: "Conflict", explanation: "There was a conflict when trying to complete your request."},
	http.StatusGone:                         {title: "Gone", explanation: "This resource is no longer available. No forwarding address is given."},
	http.StatusPreconditionFailed:           {title: "Precondition Failed", explanation: "Request precondition failed."},
	http.StatusRequestEntityTooLarge:        {title: "Request Entity Too Large", explanation: "The body of your request was too large for this server."},
	http.StatusUnsupportedMediaType:         {title: "Unsupported Media Type", template: "The request media type ${type} is not supported by this server.\n<br /><br />\n${detail}"},
	http.StatusRequestedRangeNotSatisfiable: {title: "Request Range Not Satisfiable", explanation: "The Range requested is not available."},
	http.StatusRequestHeaderFieldsTooLarge:  {title: "Request Header Fields Too Large", explanation: "The server is unwilling to process the request because its header fields are too large. The request MAY be resubmitted after reducing the size of the request header fields."},
	http.StatusInternalServerError:          {title: "Internal Server Error", explanation: "The server has either erred or is incapable of performing the requested operation."},
	http.StatusNotImplemented:               {title: "Not Implemented", template: "\nThe request method ${method} is not implemented for this server. <br /><br />\n${detail}"},
	http.StatusBadGateway:                   {title: "Bad Gateway", explanation: "Bad gateway."},
	http.StatusServiceUnavailable:           {title: "Service Unavailable", explanation: "The server is currently unavailable. Please try again at a later time."},
	http.StatusGatewayTimeout:               {title: "Gateway Timeout", explanation: "The gateway has timed out."},
}

// statusError is a failure that only HTTP has a name for.
type statusError struct {
	status              int
	explanation, detail string
	alone               bool // the explanation is the whole text
}

func (e *statusError) Error() string {
	return strconv.Itoa(e.status) + " " + e.explanation + e.detail
}

// PreconditionFailed is the error of a request whose If-Match or
// If-Unmodified-Since does not hold (412). An empty text stands for the
// default one.
func PreconditionFailed(text string) error {
	return &statusError{status: http.StatusPreconditionFailed, explanation: text}
}

// MethodNotAllowed is the error of a method that a path does not take (405),
// for paths where the table of routes does not say enough. detail may be empty.
func MethodNotAllowed(allow, detail string) error {
	return WithHeader(&statusError{status: http.StatusMethodNotAllowed, detail: detail}, "Allow", allow)
}

// NeverAllowed is the error of a method that a path knows in order to refuse it
// (405). Compat: text stands alone, without the blanks that other answers end with
// (recording tasks-errors).
func NeverAllowed(allow, text string) error {
	return WithHeader(&statusError{status: http.StatusMethodNotAllowed, explanation: text, alone: true}, "Allow", allow)
}

func notImplemented() error { return &statusError{status: http.StatusNotImplemented} }

// headerError adds a header to the answer that an error becomes.
type headerError struct {
	error
	name, value string
}

func (e *headerError) Unwrap() error { return e.error }

// WithHeader makes the answer that err becomes carry a header. The outermost
// of several headers of one name counts.
func WithHeader(err error, name, value string) error {
	return &headerError{error: err, name: name, value: value}
}

// Handle makes a handler of a function that returns its failure instead of
// writing it. A panic is a 500, logged with its stack. When the answer has
// begun already, the connection is broken off.
func Handle(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if responseOf(w) == nil {
			w = newResponse(w)
		}
		defer settle(w, r)
		if err := h(w, r); err != nil {
			Fail(w, r, err)
		}
	})
}

// settle answers a panic. It is deferred, and w has a response in its chain.
func settle(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this as well
		panic(p)
	}
	res := responseOf(w)
	res.logger().LogAttrs(r.Context(), slog.LevelError, "panic while answering a request",
		requestAttrs(w, r, slog.Any("panic", p), slog.String("stack", string(debug.Stack())))...)
	if res.begun() {
		panic(http.ErrAbortHandler)
	}
	// Nobody knows what the handler left of the request body.
	w.Header().Set("Connection", "close")
	writeAnswer(w, r, answer{status: http.StatusInternalServerError})
}

// Fail answers a request with an error. When the answer has begun already it
// panics with http.ErrAbortHandler, which breaks the connection off.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	a := answerTo(r, err)
	res := responseOf(w)
	if res == nil {
		res = newResponse(w)
		w = res
	}
	level := slog.LevelDebug
	if a.status >= http.StatusInternalServerError && a.status != http.StatusNotImplemented {
		level = slog.LevelError
	}
	res.logger().LogAttrs(r.Context(), level, "request failed",
		requestAttrs(w, r, slog.Int("status", a.status), slog.Any("error", err))...)
	if res.begun() {
		panic(http.ErrAbortHandler)
	}
	if !res.lingers(r) {
		writeAnswer(w, r, a)
		return
	}
	_ = res.control.EnableFullDuplex() // where there is none (tests), the answer is all
	writeAnswer(w, r, a)
	res.linger(r.Context())
}

func requestAttrs(w http.ResponseWriter, r *http.Request, more ...slog.Attr) []slog.Attr {
	c := CallerFrom(r.Context())
	return append([]slog.Attr{
		slog.String(oslolog.RequestID, w.Header().Get(requestIDHeader)),
		slog.Any(oslolog.UserIdentity, oslolog.Identity{
			User: c.UserID, Project: c.ProjectID, Domain: c.DomainID, SystemScope: c.SystemScope,
			UserDomain: c.UserDomainID, ProjectDomain: c.ProjectDomainID,
		}),
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
	}, more...)
}

// answer is what an error becomes. Empty texts stand for the default ones.
type answer struct {
	status              int
	explanation, detail string
	alone               bool           // explanation is the whole text
	header              []*headerError // outermost first
}

func answerTo(r *http.Request, err error) answer {
	a := classify(r, err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if h, ok := e.(*headerError); ok { //nolint:errorlint // every link of the chain is looked at
			a.header = append(a.header, h)
		}
	}
	return a
}

func classify(r *http.Request, err error) answer {
	var own *statusError
	var known *glance.Error
	var body *bodyError
	switch {
	case errors.As(err, &body) && errors.Is(body, os.ErrDeadlineExceeded):
		return answer{status: http.StatusRequestTimeout}
	case errors.As(err, &body), errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return answer{status: http.StatusBadRequest, explanation: "Client disconnected before sending all data to backend"}
	case errors.As(err, &own):
		return answer{status: own.status, explanation: own.explanation, detail: own.detail, alone: own.alone}
	case errors.Is(err, auth.ErrCatalog):
		return answer{status: http.StatusInternalServerError, detail: "Invalid service catalog json."}
	case errors.As(err, &known) && known.Kind != glance.Internal:
		return answer{status: statusOf(known.Kind), explanation: known.Message, detail: known.Detail}
	default:
		return answer{status: statusOf(glance.KindOf(err))}
	}
}

func statusOf(k glance.Kind) int {
	if k < 0 || int(k) >= len(kindStatus) {
		return http.StatusInternalServerError
	}
	return kindStatus[k]
}

// entityHeaders describe a body that a failed handler meant to send.
var entityHeaders = []string{
	"Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Length", "Content-Md5",
	"Content-Range", "Etag", "Last-Modified",
}

func writeAnswer(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	for _, name := range entityHeaders {
		h.Del(name)
	}
	for i := len(a.header) - 1; i >= 0; i-- {
		h.Set(a.header[i].name, a.header[i].value)
	}
	contentType, body := render(r, a)
	writeStatus(w, r, a.status, contentType, body)
}

// writeHealth answers for Health, whose bad news has a form of its own.
func writeHealth(w http.ResponseWriter, r *http.Request, bad bool, contentType, body string) {
	status := http.StatusOK
	if bad {
		status = http.StatusServiceUnavailable
	}
	writeStatus(w, r, status, contentType, body)
}

// withChallenge is for OnHeader: it adds WWW-Authenticate to any 401.
func withChallenge(challenge string) func(int, http.Header) {
	return func(status int, h http.Header) {
		if status == http.StatusUnauthorized {
			h.Add("Www-Authenticate", challenge)
		}
	}
}

// writeTokenRequired is how the token check refuses, whatever the client accepts.
func writeTokenRequired(w http.ResponseWriter, r *http.Request) {
	writeStatus(w, r, http.StatusUnauthorized, typeJSON,
		`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`)
}

func writeStatus(w http.ResponseWriter, r *http.Request, status int, contentType, body string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead && body != "" {
		_, _ = w.Write([]byte(body)) // the client may be gone; there is nobody left to tell
	}
}
