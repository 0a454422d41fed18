package policy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"glance/internal/glance"
	"glance/internal/rules"
)

// Config says where rules come from and how strict they are.
type Config struct {
	File               string       // YAML or JSON; may be missing or empty
	Dirs               []string     // of more such files, read in order of names after File; may be missing
	Find               Find         // looks relative names up, again whenever files are looked at; nil takes them as they are
	DefaultRule        string       // stands for rules that exist nowhere; empty is "default"
	EnforceNewDefaults bool         // without it the old, wider defaults hold too and owners are checked instead
	EnforceScope       bool         // refuse tokens for a system or a domain
	Log                *slog.Logger // nil discards
	Post               Post         // for http: and https: checks; nil denies them
	PostJSON           bool         // send those a JSON body and not a form
}

// Find gives the path of a file or directory that the configuration names
// without one, and whether there is one.
type Find func(name string) (path string, ok bool)

// Enforcer answers questions about rules. It is safe for many goroutines, one
// made by Ahead for one.
type Enforcer struct {
	*engine
	answers *Answers // instead of asking servers; nil asks them
}

// engine has the rules.
type engine struct {
	newDefaults bool
	scope       bool
	log         *slog.Logger

	current atomic.Pointer[rules.Set]
	images  sync.Pool // of *imageTarget

	defaults map[string]*rules.Check // never written after Open
	fallback string
	post     Post
	postJSON bool

	born    time.Time
	due     atomic.Int64 // when files are looked at next, in nanoseconds since born
	loading sync.Mutex
	files   files // under loading
}

// recheck is how long files are not looked at again. Looking costs about 18 µs, a
// question 0.4 µs, and a list asks one per row.
const recheck = 100 * time.Millisecond

// Open reads the rules. It fails when a file exists and cannot be read or is no
// mapping of names to rules; a single rule that makes no sense denies and is
// logged.
func Open(c Config) (*Enforcer, error) {
	e := &engine{
		newDefaults: c.EnforceNewDefaults,
		scope:       c.EnforceScope,
		log:         c.Log,
		images:      sync.Pool{New: func() any { return new(imageTarget) }},
		defaults:    defaultChecks(c.EnforceNewDefaults),
		fallback:    cmp.Or(c.DefaultRule, string(Default)),
		post:        c.Post,
		postJSON:    c.PostJSON,
		born:        time.Now(),
		files:       newFiles(c),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if _, err := e.files.refresh(e.log); err != nil {
		return nil, err
	}
	e.publish()
	e.due.Store(int64(recheck))
	return &Enforcer{engine: e}, nil
}

// publish puts the rules of files over the defaults.
func (e *engine) publish() {
	checks := make(map[string]*rules.Check, len(e.defaults)+len(e.files.merged))
	for name, check := range e.defaults {
		checks[name] = check
	}
	for name, check := range e.files.merged {
		checks[name] = check
	}
	set := rules.NewSet(checks, e.fallback, remote(e.post, e.postJSON))
	for _, problem := range set.Problems() {
		e.log.Warn("policy: " + problem)
	}
	e.current.Store(set)
}

// set gives the rules in force, read anew when files changed.
func (e *engine) set() *rules.Set {
	now := int64(time.Since(e.born))
	if due := e.due.Load(); now >= due && e.due.CompareAndSwap(due, now+int64(recheck)) && e.loading.TryLock() {
		defer e.loading.Unlock()
		changed, err := e.files.refresh(e.log)
		if err != nil {
			e.log.Error("policy: a file is not read, its last good rules stay in force", "error", err)
		}
		if changed {
			e.publish()
		}
	}
	return e.current.Load()
}

// Allowed reports whether the caller passes a rule about a target.
func (e *Enforcer) Allowed(ctx context.Context, who *glance.Caller, rule Rule, t Target) bool {
	if e.scope && rule.scoped() && (who.SystemScope != "" || who.DomainID != "") {
		return false
	}
	return e.holds(ctx, who, string(rule), t)
}

// Admin reports whether the caller is an administrator: the rule
// context_is_admin with the caller as target, without regard to scope.
func (e *Enforcer) Admin(who *glance.Caller) bool {
	return e.holds(context.Background(), who, string(ContextIsAdmin), (*callerTarget)(who))
}

func (e *Enforcer) holds(ctx context.Context, who *glance.Caller, rule string, t Target) bool {
	set := e.set()
	if e.answers != nil && set.Asks() {
		set = set.With(remote(e.answers.given, e.postJSON))
	}
	held, err := set.Allowed(ctx, rule, t, (*credentials)(who))
	if err != nil && !errors.Is(err, errNotAsked) {
		e.log.ErrorContext(ctx, "policy: refused because a rule cannot be evaluated", "request_id", who.RequestID, "error", err)
	}
	return held
}
