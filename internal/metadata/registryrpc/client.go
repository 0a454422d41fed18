package registryrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// Options say how to reach a registry.
type Options struct {
	URL  string       // http://host:port, without a path
	HTTP *http.Client // with its time limit and TLS

	// Who gives the caller in a context; nil knows none.
	Who func(ctx context.Context) glance.Caller
	// Token gives the token of a request, "" for none; nil sends none.
	Token func(ctx context.Context, who glance.Caller) (string, error)
	// Refused is told of a token that the registry does not take; a request asks
	// Token once more then. nil: the token is the caller's, who has no other.
	Refused func(token string)
	// Identity sends who asks in headers.
	Identity bool
}

// DB is a registry as a metadata.Store.
type DB struct {
	opt    Options
	closed atomic.Bool
}

var _ metadata.Store = (*DB)(nil)

// New makes a store of a registry; it is not asked yet.
func New(opt Options) *DB {
	opt.URL = strings.TrimRight(opt.URL, "/")
	if opt.Who == nil {
		opt.Who = func(context.Context) glance.Caller { return glance.Caller{} }
	}
	return &DB{opt: opt}
}

// Close makes the store Unavailable and lets go of idle connections.
func (db *DB) Close() error {
	db.closed.Store(true)
	db.opt.HTTP.CloseIdleConnections()
	return nil
}

// Ping asks for nothing, from the database.
func (db *DB) Ping(ctx context.Context) error {
	_, err := db.call(ctx, metadata.Everything(), "image_get_all", args{"limit": 0}, wire.Exact{}, nil)
	return err
}

type args = map[string]any

const tokenHeader = "X-Auth-Token"

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 30

// call runs one command and decodes its result into to, unless that is nil.
// exact reports whether the server looked at what stands beside the command.
func (db *DB) call(ctx context.Context, sc metadata.Scope, name string, kwargs args, beside wire.Exact, to any) (exact bool, err error) {
	if db.closed.Load() {
		return false, glance.Errorf(glance.Unavailable, "The registry is closed.")
	}
	beside.Scope = &wire.Scope{Admin: sc.Admin, Project: sc.Project, Deleted: sc.Deleted}
	text, err := json.Marshal([]wire.Command{{Name: name, Kwargs: kwargs, Exact: &beside}})
	if err != nil {
		return false, err
	}
	answer, body, err := db.ask(ctx, sc, text) //nolint:bodyclose // ask has closed it
	if err == nil && answer.StatusCode == http.StatusUnauthorized && db.opt.Refused != nil {
		db.opt.Refused(answer.Request.Header.Get(tokenHeader)) // revoked, or the identity service has new keys
		answer, body, err = db.ask(ctx, sc, text)              //nolint:bodyclose // ask has closed it
	}
	switch {
	case err != nil:
		return false, err
	case answer.StatusCode != http.StatusOK:
		return false, refused(name, answer.StatusCode, body)
	}
	return answer.Header.Get(wire.ExactHeader) != "", readResult(name, body, to)
}

// ask sends commands and reads the whole answer.
func (db *DB) ask(ctx context.Context, sc metadata.Scope, commands []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, db.opt.URL+"/rpc", bytes.NewReader(commands))
	if err != nil {
		return nil, nil, err
	}
	if err := db.identify(ctx, sc, req.Header); err != nil {
		return nil, nil, err
	}
	answer, err := db.opt.HTTP.Do(req)
	if err != nil {
		return nil, nil, unreachable(ctx, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, nil, unreachable(ctx, err)
	}
	return answer, body, nil
}

// unreachable words what went wrong on the way. The URL stands in the log only.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask the registry: %w", context.Cause(ctx))
	}
	return glance.Because(glance.Unavailable, err, "The registry cannot be reached.")
}

// refused is the error of a request that the registry did not run. Its texts
// are not the user's business.
func refused(command string, status int, body []byte) error {
	cause := fmt.Errorf("the registry answers %s with %d: %.200s", command, status, body)
	switch {
	case status == http.StatusNotFound && bytes.Contains(body, []byte("Command not found")):
		return glance.Because(glance.Unsupported, cause, "The registry does not know "+command+".")
	case status == http.StatusUnauthorized:
		return glance.Because(glance.Unauthenticated, cause, "")
	case status == http.StatusForbidden:
		return glance.Because(glance.Forbidden, cause, "")
	case status == http.StatusServiceUnavailable, status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return glance.Because(glance.Unavailable, cause, "The registry cannot be reached.")
	case status == http.StatusRequestEntityTooLarge:
		return glance.Because(glance.TooLarge, cause, "")
	}
	return cause
}

// remoteError is a failure that the registry told.
type remoteError struct{ fault wire.Fault }

func (e *remoteError) Error() string { return e.fault.Class + ": " + e.fault.Text }

func readResult(name string, body []byte, to any) error {
	var results []json.RawMessage
	if err := json.Unmarshal(body, &results); err != nil || len(results) != 1 {
		return fmt.Errorf("the registry answers %s with nonsense: %.200s", name, body)
	}
	var failed wire.Failure
	// What is no object is no failure.
	if err := json.Unmarshal(results[0], &failed); err == nil && failed.Error != nil {
		remote := &remoteError{*failed.Error}
		if k := failed.Error.Kind(); k != glance.Internal {
			return glance.Because(k, remote, failed.Error.Text)
		}
		return remote
	}
	if to == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(results[0]))
	decoder.UseNumber()
	if err := decoder.Decode(to); err != nil {
		return fmt.Errorf("the registry answers %s with nonsense: %w", name, err)
	}
	return nil
}

// isClass reports whether the registry failed with that exception.
func isClass(err error, class string) bool {
	var remote *remoteError
	return errors.As(err, &remote) && remote.fault.Class == class
}

// identify tells the registry who asks.
func (db *DB) identify(ctx context.Context, sc metadata.Scope, h http.Header) error {
	who := db.opt.Who(ctx)
	h.Set("Content-Type", "application/json")
	if who.RequestID != "" {
		h.Set("X-Openstack-Request-Id", who.RequestID)
	}
	if db.opt.Token != nil {
		token, err := db.opt.Token(ctx, who)
		if err != nil {
			return err
		}
		if token != "" {
			h.Set(tokenHeader, token)
		}
	}
	if db.opt.Identity {
		identityHeaders(h, who, sc)
	}
	return nil
}

// identityHeaders are those of spec registry §1. The scope decides over project
// and role: the service looks with other eyes than its caller.
func identityHeaders(h http.Header, who glance.Caller, sc metadata.Scope) {
	var roles []string
	for _, role := range who.Roles {
		if role != "admin" {
			roles = append(roles, role)
		}
	}
	if sc.Admin {
		roles = append(roles, "admin")
	}
	h.Set("X-User-Id", who.UserID)
	h.Set("X-Tenant-Id", sc.Project)
	h.Set("X-Roles", strings.Join(roles, ","))
	h.Set("X-Identity-Status", "Confirmed")
	if len(who.Catalog) > 0 {
		h.Set("X-Service-Catalog", string(who.Catalog))
	}
}
