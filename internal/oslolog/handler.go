package oslolog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Handler is a slog.Handler. All handlers that With makes from one share its
// level and its files.
type Handler struct {
	shared *shared
	given  record // what With has set
	group  string // prefix of further keys
}

// shared is what a family of handlers shares: a core that Replace may change.
type shared struct {
	mu   sync.RWMutex // held for reading as long as a core is written to
	core *core
}

func newFamily(c *core) *Handler { return &Handler{shared: &shared{core: c}} }

// core is what one set of options opened.
type core struct {
	level   slog.LevelVar
	root    string    // logger of records that name none
	loggers []*logger // the root first
	sinks   []sink
	lines   sync.Pool // of *[]byte
}

// logger is where the records of one name, and of the names below it, go.
type logger struct {
	name      string      // empty for the root
	level     *slog.Level // nil: that of the logger above, of the core for the root
	outputs   []*output
	propagate bool
}

// output is a sink with a layout and a least level of its own.
type output struct {
	sink   sink
	layout lineWriter
	level  slog.Level
}

// lineWriter appends a record as a line.
type lineWriter interface {
	append(b []byte, r *record) []byte
}

// sink is a place for lines. write is called with one whole line at a time.
type sink interface {
	write(level slog.Level, line []byte) error
	reopen() error
	close() error
}

// New makes a handler that writes to w, which needs no locking of its own;
// isFounding chooses between the layouts. Of the options those of layout and
// level count.
func New(w io.Writer, isFounding bool, o Options) (*Handler, error) {
	return newHandler(isFounding, &o, []sink{&stream{w: w}})
}

func newHandler(isFounding bool, o *Options, sinks []sink) (*Handler, error) {
	line, err := o.layout(isFounding)
	if err != nil {
		return nil, err
	}
	c := newCore(isFounding, o)
	c.sinks = sinks
	all := &logger{}
	for _, s := range sinks {
		all.outputs = append(all.outputs, &output{sink: s, layout: line, level: slog.LevelDebug})
	}
	c.loggers = []*logger{all}
	return newFamily(c), nil
}

func newCore(isFounding bool, o *Options) *core {
	c := &core{root: "glance"}
	if isFounding {
		c.root = "root"
	}
	c.level.Set(o.level(isFounding))
	c.lines.New = func() any { return new([]byte) }
	return c
}

// SetLevel changes the least level that is logged.
func (h *Handler) SetLevel(l slog.Level) {
	_ = h.using(func(c *core) error { c.level.Set(l); return nil }) // never fails
}

// Replace makes h, and all handlers made from it, write what and where next
// does, and closes what h had open. No record is lost in between. next is not
// to be used any more.
func (h *Handler) Replace(next *Handler) error {
	h.shared.mu.Lock()
	old := h.shared.core
	h.shared.core = next.shared.core
	h.shared.mu.Unlock()
	return old.close()
}

// using keeps the core open while f works with it.
func (h *Handler) using(f func(*core) error) error {
	h.shared.mu.RLock()
	defer h.shared.mu.RUnlock()
	return f(h.shared.core)
}

// Reopen opens files again under their names.
func (h *Handler) Reopen() error {
	return h.using(func(c *core) error {
		var errs []error
		for _, s := range c.sinks {
			errs = append(errs, s.reopen())
		}
		return errors.Join(errs...)
	})
}

// Close closes files and connections. Records that come later are lost.
func (h *Handler) Close() error { return h.using((*core).close) }

func (c *core) close() error {
	var errs []error
	for _, s := range c.sinks {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// Enabled is part of slog.Handler.
func (h *Handler) Enabled(_ context.Context, l slog.Level) bool {
	h.shared.mu.RLock()
	defer h.shared.mu.RUnlock()
	c := h.shared.core
	name := h.given.logger
	if name == "" {
		name = c.root
	}
	return l >= c.levelOf(c.logger(name))
}

// WithAttrs is part of slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.given.fields = slices.Clip(h.given.fields)
	for _, a := range attrs {
		next.given.take(a, h.group)
	}
	return &next
}

// WithGroup is part of slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

// Handle is part of slog.Handler: one line to every output.
func (h *Handler) Handle(_ context.Context, sr slog.Record) error {
	r := h.given
	r.fields = slices.Clip(r.fields)
	r.time, r.level, r.message, r.pc = sr.Time, sr.Level, sr.Message, sr.PC
	sr.Attrs(func(a slog.Attr) bool {
		r.take(a, h.group)
		return true
	})
	return h.using(func(c *core) error {
		if r.logger == "" {
			r.logger = c.root
		}
		return c.write(&r)
	})
}

// take puts an attribute in its place.
func (r *record) take(a slog.Attr, group string) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range v.Group() {
			r.take(inner, group)
		}
		return
	}
	switch {
	case a.Key == "" && v.Equal(slog.Value{}):
	case group != "":
		r.fields = append(r.fields, field{group + a.Key, v})
	case a.Key == Logger:
		r.logger = v.String()
	case a.Key == RequestID:
		r.request = v.String()
	case a.Key == GlobalRequestID:
		r.global = v.String()
	case a.Key == UserIdentity:
		r.identity = v.Any()
	default:
		r.fields = append(r.fields, field{a.Key, v})
	}
}

func (c *core) write(r *record) error {
	l := c.logger(r.logger)
	if r.level < c.levelOf(l) { // a logger named in the record itself
		return nil
	}
	line := c.lines.Get().(*[]byte)
	defer c.lines.Put(line)
	var errs []error
	for {
		for _, out := range l.outputs {
			if r.level >= out.level {
				*line = out.layout.append((*line)[:0], r)
				errs = append(errs, out.sink.write(r.level, *line))
			}
		}
		if l.name == "" || !l.propagate {
			return errors.Join(errs...)
		}
		l = c.above(l)
	}
}

func (c *core) levelOf(l *logger) slog.Level {
	for l.level == nil && l.name != "" {
		l = c.above(l)
	}
	if l.level != nil {
		return *l.level
	}
	return c.level.Level()
}

// logger finds the configured logger that is nearest above a name.
func (c *core) logger(name string) *logger {
	best := c.loggers[0]
	for _, l := range c.loggers[1:] {
		if (name == l.name || strings.HasPrefix(name, l.name+".")) && len(l.name) > len(best.name) {
			best = l
		}
	}
	return best
}

// above is the next logger on the way from l to the root.
func (c *core) above(l *logger) *logger {
	name := ""
	if dot := strings.LastIndexByte(l.name, '.'); dot > 0 {
		name = l.name[:dot]
	}
	return c.logger(name)
}
