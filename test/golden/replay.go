package golden

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Target is a running server.
type Target struct {
	Addr    string // host:port
	Workdir string // its {workdir}
	Web     string // URL of the web server that it downloads from
	// Patience is how long a step with until may take; README says 30 seconds.
	Patience time.Duration
}

// interval between the requests of a step with until.
const interval = 100 * time.Millisecond

// ErrNotClean means that a server could not be emptied before a scenario.
var ErrNotClean = errors.New("the server cannot be emptied")

// Replay empties the server and plays one scenario. The error tells the first step that differs, and how.
func (t Target) Replay(ctx context.Context, sc *Scenario) error {
	if err := t.clean(ctx); err != nil {
		return errors.Join(ErrNotClean, err)
	}
	b := Bindings{"{host}": t.Addr, "{datadir}": t.Workdir, "{web}": t.Web}
	for i := range sc.Steps {
		s := &sc.Steps[i]
		if err := t.step(ctx, s, quirks[sc.Name][i], b); err != nil {
			return fmt.Errorf("step %d %s %.200s: %w", i, s.Request.Method, s.Request.Path, err)
		}
	}
	return nil
}

func (t Target) step(ctx context.Context, s *Step, q quirk, b Bindings) error {
	if q.check == nil && s.Quirk != "" {
		return fmt.Errorf("quirks.go does not say what is expected: %s", s.Quirk)
	}
	got, err := send(ctx, t.Addr, &s.Request, b)
	for end := time.Now().Add(t.Patience); err == nil && s.Until != nil && !s.Until.met(s.Response.Status, got); {
		if time.Now().After(end) {
			return fmt.Errorf("not there after %v: %s; last answer %d %.300s", t.Patience, show(s.Until.Body), got.status, got.body)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
		got, err = send(ctx, t.Addr, &s.Request, b)
	}
	if err != nil {
		return err
	}
	if q.check != nil {
		if err := q.check(s, got, b); err != nil {
			return err
		}
		return t.undo(ctx, q, b)
	}
	if err := compare(s, got, b); err != nil {
		return err
	}
	return capture(s, got, b)
}

// undo takes back what the original, which refused, never did; later answers were recorded without it.
func (t Target) undo(ctx context.Context, q quirk, b Bindings) error {
	if q.undo == nil {
		return nil
	}
	_, err := send(ctx, t.Addr, q.undo, b)
	return err
}

// met tells whether the answer that a step waits for is there.
func (u *Until) met(status int, got *answer) bool {
	if got.died || got.status != status {
		return false
	}
	v, err := parseJSON(got.body)
	if err != nil {
		return false
	}
	for path, accepted := range u.Body {
		value, _ := lookup(v, path) // absent counts as null
		if !slices.ContainsFunc(accepted, func(a any) bool { return show(a) == show(value) }) {
			return false
		}
	}
	return true
}

// capture keeps texts of an answer for later requests.
func capture(s *Step, got *answer, b Bindings) error {
	for name, path := range s.Capture {
		v, err := parseJSON(got.body)
		if err != nil {
			return err
		}
		value, _ := lookup(v, path)
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("capture %s: no text at %s", name, path)
		}
		b["{var:"+name+"}"] = text
	}
	return nil
}

// compare checks status, body and headers, in this order: a wrong body tells more than its wrong length.
func compare(s *Step, got *answer, b Bindings) error {
	want := &s.Response
	if got.died {
		if want.Status == http.StatusInternalServerError && len(want.Headers) == 0 {
			return nil
		}
		return &Mismatch{"connection", fmt.Sprint("status ", want.Status), "closed without an answer"}
	}
	if got.status != want.Status {
		return &Mismatch{"status", fmt.Sprint(want.Status), fmt.Sprintf("%d: %.300s", got.status, got.body)}
	}
	if m := compareBody(s, got, b); m != nil {
		return m
	}
	if m := compareHeaders(s, got, b); m != nil {
		return m
	}
	return nil
}

func compareBody(s *Step, got *answer, b Bindings) *Mismatch {
	want := &s.Response
	switch {
	case want.Body != nil:
		return compareParsed(s, string(want.Body), got, b)
	case want.Raw != nil:
		if want.Status >= http.StatusBadRequest && strings.HasPrefix(want.Headers["Content-Type"], "application/json") {
			return compareParsed(s, *want.Raw, got, b)
		}
		if !b.Match(*want.Raw, string(got.body)) {
			return &Mismatch{"text", *want.Raw, string(got.body)}
		}
	case want.Binary != nil:
		if int64(len(got.body)) != want.Binary.Length {
			return &Mismatch{"data", fmt.Sprint(want.Binary.Length, " bytes"), fmt.Sprint(len(got.body), " bytes")}
		}
		if sum := sha256.Sum256(got.body); hex.EncodeToString(sum[:]) != want.Binary.SHA256 {
			return &Mismatch{"data", want.Binary.SHA256, hex.EncodeToString(sum[:])}
		}
	case len(got.body) > 0:
		return &Mismatch{"body", "", string(got.body)}
	}
	return nil
}

// compareParsed compares JSON; where the step waited for one of several values, any of them is right.
func compareParsed(s *Step, recorded string, got *answer, b Bindings) *Mismatch {
	want, err := parseJSON([]byte(recorded))
	if err != nil {
		return &Mismatch{"recording", "JSON", err.Error()}
	}
	v, err := parseJSON(got.body)
	if err != nil {
		return &Mismatch{"body", recorded, string(got.body)}
	}
	if s.Until != nil {
		for path := range s.Until.Body {
			if value, ok := lookup(v, path); ok {
				replace(want, path, value)
			}
		}
	}
	return b.compareJSON("", want, v)
}

// replace puts value where a dotted path leads; the path is there in the recording.
func replace(v any, dotted string, value any) {
	parent, key := "", dotted
	if i := strings.LastIndexByte(dotted, '.'); i >= 0 {
		parent, key = dotted[:i], dotted[i+1:]
	}
	if parent != "" {
		v, _ = lookup(v, parent)
	}
	if in, ok := v.(map[string]any); ok {
		if _, there := in[key]; there {
			in[key] = value
		}
	}
}

var (
	// leftOut are headers that the recordings do not hold.
	leftOut = []string{"Date", "Server", "Connection", "Transfer-Encoding"}
	// mayAdd are headers that we may send beyond the recordings.
	mayAdd = []string{"Etag", "Accept-Ranges", "Last-Modified", "Content-Length"}
	// ofBody are not compared on empty answers.
	ofBody = []string{"Content-Type", "Content-Length"}
)

func compareHeaders(s *Step, got *answer, b Bindings) *Mismatch {
	want := map[string]string{}
	for name, value := range s.Response.Headers {
		want[http.CanonicalHeaderKey(name)] = value
	}
	empty := s.Response.Body == nil && s.Response.Raw == nil && s.Response.Binary == nil
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if empty && slices.Contains(ofBody, name) {
			continue
		}
		value := strings.Join(got.header.Values(name), ", ")
		if !b.Match(want[name], value) {
			return &Mismatch{"header " + name, want[name], value}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got.header)) {
		_, wanted := want[name]
		if wanted || slices.Contains(leftOut, name) || slices.Contains(mayAdd, name) || empty && slices.Contains(ofBody, name) {
			continue
		}
		return &Mismatch{"header " + name, "nothing", got.header.Get(name)}
	}
	return nil
}
