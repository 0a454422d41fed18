package keystone

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"glance/internal/glance"
)

const (
	refusalTime = 30 * time.Second // how long a refusal is remembered at most: a token may be on its way to all of the service's nodes
	maxToken    = 8 << 10          // bytes; longer ones are no tokens
)

// Filter checks the tokens of requests. It is safe for concurrent use.
type Filter struct {
	conf    Config
	client  *client
	session session
	valid   *cache[*token]
	invalid *cache[struct{}]
	shared  *shared // nil without memcached
	checks  flights[check, *token]

	stop    context.CancelFunc
	running sync.WaitGroup
}

// check is a question that need not be asked twice at a time.
type check struct {
	key        key
	expiredToo bool
}

// Open makes a filter. It reads certificates but asks the identity service
// nothing yet. An error says which option is wrong.
func Open(c Config) (*Filter, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	client, err := newClient(&c)
	if err != nil {
		return nil, err
	}
	f := &Filter{conf: c, client: client, valid: newCache[*token](remembered), invalid: newCache[struct{}](refused)}
	if f.shared, err = newShared(&c.Memcached, c.Log); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.checks = newFlights[check, *token](ctx, &f.running)
	f.session.open(ctx, client, &f.conf, &f.running)
	return f, nil
}

// Close ends what still goes on for requests that were given up. No Check may
// come after it.
func (f *Filter) Close() error {
	f.stop()
	f.running.Wait()
	f.client.http.CloseIdleConnections()
	if f.shared != nil {
		return f.shared.close()
	}
	return nil
}

// Challenge is the value of WWW-Authenticate for every answer 401: it tells
// clients where tokens come from.
func (f *Filter) Challenge() string {
	uri := f.conf.Challenge
	if uri == "" {
		uri = f.conf.Credentials.AuthURL
	}
	return `Keystone uri="` + uri + `"`
}

// Check gives the headers of a request with the identity that its tokens prove.
// h stays as it is; its values are shared with the result. The path is the
// whole, escaped one. Without Config.Delay the error is of kind
// Unauthenticated when nobody is proved, and Unavailable when that cannot be
// found out now; with it only the end of ctx is an error.
func (f *Filter) Check(ctx context.Context, method, path string, h http.Header) (http.Header, error) {
	out := withoutIdentity(h)
	trust, err := f.service(ctx, h, out)
	if err != nil {
		return nil, err
	}
	user, err := f.prove(ctx, userToken(h), trust == trusted)
	if err != nil {
		return nil, err
	}
	if user != nil && user.rules != nil && trust < accepted && !user.rules.allow(f.conf.ServiceType, method, path) {
		f.conf.Log.InfoContext(ctx, "the access rules of an application credential do not allow a request", "method", method, "path", path)
		user = nil
	}
	if user != nil {
		set(out, user.user)
	} else {
		out[headerStatus] = []string{invalid}
	}
	if (user == nil || trust == distrusted) && !f.conf.Delay {
		return nil, &glance.Error{Kind: glance.Unauthenticated}
	}
	return out, nil
}

// What a service token does for a request.
type trust int

const (
	distrusted trust = iota // it is invalid
	alone                   // there is none
	accepted                // it is valid, but has no service role
	trusted                 // it has one, and may bring users' tokens that have expired
)

// service checks the service token and puts what it proves into out.
func (f *Filter) service(ctx context.Context, h, out http.Header) (trust, error) {
	raw := strings.TrimSpace(h.Get("X-Service-Token"))
	if raw == "" {
		return alone, nil
	}
	t, err := f.prove(ctx, raw, false)
	if err != nil {
		return distrusted, err
	}
	worth := distrusted
	switch {
	case t == nil:
	case slices.ContainsFunc(t.roles, func(role string) bool { return slices.Contains(f.conf.ServiceRoles, role) }):
		worth = trusted
	case f.conf.ServiceRolesRequired:
		f.conf.Log.InfoContext(ctx, "a service token has none of service_token_roles")
	default:
		worth = accepted
	}
	if worth == distrusted {
		out[headerServiceStatus] = []string{invalid}
		return worth, nil
	}
	out[headerServiceStatus] = []string{confirmed}
	set(out, t.service)
	return worth, nil
}

// userToken is the user's token: an empty X-Auth-Token hides the older header.
func userToken(h http.Header) string {
	for _, name := range []string{"X-Auth-Token", "X-Storage-Token"} {
		if values := h[name]; len(values) > 0 {
			return strings.TrimSpace(values[0])
		}
	}
	return ""
}

// prove gives what a token proves; nil is nothing.
func (f *Filter) prove(ctx context.Context, raw string, expiredToo bool) (*token, error) {
	if !plausible(raw) {
		return nil, nil
	}
	t, err := f.lookup(ctx, raw, expiredToo)
	switch {
	case errors.Is(err, errRefused):
		return nil, nil
	case err != nil && f.conf.Delay && ctx.Err() == nil:
		f.conf.Log.ErrorContext(ctx, "a token counts as invalid because it cannot be checked", "error", err)
		return nil, nil
	}
	return t, err
}

// plausible tells what may be a token from what need not be asked about.
func plausible(raw string) bool {
	return raw != "" && len(raw) <= maxToken && strings.IndexFunc(raw, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

func (f *Filter) lookup(ctx context.Context, raw string, expiredToo bool) (*token, error) {
	question := check{keyOf(raw), expiredToo}
	if t, known, err := f.remembers(question); known {
		return t, err
	}
	return f.checks.do(ctx, question, func(ctx context.Context) (*token, error) {
		if t, known, err := f.remembers(question); known { // since we looked
			return t, err
		}
		return f.fetch(ctx, raw, question)
	})
}

func (f *Filter) remembers(question check) (t *token, known bool, err error) {
	if t, ok := f.valid.get(question.key); ok {
		return t, true, nil
	}
	if _, ok := f.invalid.get(question.refusal()); ok {
		return nil, true, errRefused
	}
	return nil, false, nil
}

// refusal is the key of a refusal: a token that is refused may still be good
// for whoever may bring expired ones.
func (c check) refusal() key {
	if c.expiredToo {
		c.key[len(c.key)-1] ^= 1
	}
	return c.key
}

func (f *Filter) fetch(ctx context.Context, raw string, question check) (*token, error) {
	if f.shared != nil {
		if t, until := f.shared.get(question.key); t != nil && time.Now().Before(until) {
			f.valid.put(question.key, t, f.until(t, until))
			return t, nil
		}
	}
	body, t, err := f.validate(ctx, raw, question.expiredToo)
	if err == nil && t.expired() && !question.expiredToo {
		err = errRefused
	}
	now := time.Now()
	switch {
	case errors.Is(err, errRefused):
		f.conf.Log.InfoContext(ctx, "a token is refused: it is not known to the identity service, or has expired")
		f.invalid.put(question.refusal(), struct{}{}, now.Add(min(f.conf.CacheTime, refusalTime)))
		return nil, err
	case err != nil:
		return nil, err
	}
	until := f.until(t, t.expires)
	f.valid.put(question.key, t, until)
	if f.shared != nil && now.Before(until) {
		f.shared.put(question.key, body, until)
	}
	return t, nil
}

// until is how long an answer that holds until some time may be remembered.
func (f *Filter) until(t *token, holds time.Time) time.Time {
	for _, limit := range []time.Time{t.expires, time.Now().Add(f.conf.CacheTime)} {
		if limit.Before(holds) {
			holds = limit
		}
	}
	return holds
}
