package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/housekeeping"
	"glance/internal/lifecycle"
	"glance/internal/metadata"
	"glance/internal/oslolog"
)

// GlanceScrubber scrubs once, again and again, or restores an image; the result
// is the exit code (spec tools §3).
func GlanceScrubber(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return glanceScrubber(ctx, in, "/proc", stdout, stderr)
}

func glanceScrubber(ctx context.Context, in config.Input, proc string, stdout, stderr io.Writer) int {
	load := func() (*config.API, error) {
		cfg, _, err := config.LoadTool(in, config.ScrubberFlags(), "", false)
		if err == nil && cfg.Scrubber.Daemon && cfg.Scrubber.Restore != "" {
			err = config.Fail(config.CodeFailure, errors.New("The restore and daemon options should not be set together. Please use either of them in one request."))
		}
		return cfg, err
	}
	cfg, err := load()
	if err == nil {
		err = scrubAs(ctx, cfg, proc, load)
	}
	return config.Report(toolFailure(err), stdout, stderr)
}

// toolFailure gives what went wrong the exit code of tools beside the servers,
// which know none for stores.
func toolFailure(err error) error {
	var exit *config.Exit
	if err != nil && (!errors.As(err, &exit) || exit.Code == config.CodeStore) {
		return config.Fail(config.CodeFailure, errors.New(told(err)))
	}
	return err
}

// told is what a user is told of an error.
func told(err error) string {
	var known *glance.Error
	var exit *config.Exit
	switch {
	case errors.As(err, &exit) && exit.Cause != nil:
		return exit.Cause.Error()
	case errors.As(err, &known) && known.Message != "":
		return known.Message
	}
	return err.Error()
}

func scrubAs(ctx context.Context, cfg *config.API, proc string, load func() (*config.API, error)) (err error) {
	logs, err := oslolog.Open(cfg.Program, false, oslolog.Options(cfg.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	s := &scrubbing{log: slog.New(logs), logs: logs, load: load, turn: make(chan struct{}, 1), stop: make(chan struct{})}
	if cfg.Scrubber.Daemon {
		return lifecycle.Run(ctx, func(ctx context.Context) (*lifecycle.Daemon, error) { return s.daemon(ctx, cfg) })
	}
	ctx, done := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer done()
	if cfg.Scrubber.Restore == "" {
		return s.once(ctx, cfg)
	}
	if running, err := scrubberRuns(proc); err != nil || running {
		return errors.Join(err, errors.New("glance-scrubber is already running. Please ensure that the daemon is stopped."))
	}
	g, db, err := toolDatabase(ctx, cfg, s.log)
	if err != nil {
		return err
	}
	return errors.Join(housekeeping.Restore(ctx, db, cfg.Scrubber.Restore), g.close())
}

// scrubbing is the work of glance-scrubber.
type scrubbing struct {
	log  *slog.Logger
	logs *oslolog.Handler
	load func() (*config.API, error)

	turn chan struct{} // held during a run, and to change what it works with
	room *scrubRoom
	stop chan struct{} // closed: nothing more is begun
	cut  context.CancelFunc
	work context.Context //nolint:containedctx // of all runs; cut ends it
	done chan struct{}   // closed when Serve has ended
}

// scrubRoom is what one configuration makes.
type scrubRoom struct {
	*housekeeping.Scrubber
	every time.Duration
	g     *Generation
}

// toolDatabase opens the database for a tool beside the servers; the generation
// closes it.
func toolDatabase(ctx context.Context, cfg *config.API, log *slog.Logger) (*Generation, metadata.Store, error) {
	g := newGeneration(log, nil)
	db, err := buildAPIMetadata(ctx, g, cfg)
	if err == nil {
		db, err = sealLocations(db, cfg.Images.EncryptionKey, log)
	}
	if err != nil {
		return nil, nil, errors.Join(err, g.close())
	}
	return g, db, nil
}

func (s *scrubbing) build(ctx context.Context, cfg *config.API) (*scrubRoom, error) {
	stores, err := buildStores(cfg, s.log)
	if err != nil {
		return nil, err
	}
	g, db, err := toolDatabase(ctx, cfg, s.log)
	if err != nil {
		return nil, err
	}
	return &scrubRoom{
		&housekeeping.Scrubber{Images: db, Stores: stores, Log: s.log, Keep: seconds(cfg.Deletion.ScrubTime), Pool: cfg.Deletion.ScrubPoolSize},
		seconds(cfg.Deletion.WakeupTime), g,
	}, nil
}

// once ends early when ctx does, with what is under way.
func (s *scrubbing) once(ctx context.Context, cfg *config.API) error {
	room, err := s.build(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(room.Run(context.WithoutCancel(ctx), ctx.Done()), room.g.close())
}

func (s *scrubbing) daemon(ctx context.Context, cfg *config.API) (*lifecycle.Daemon, error) {
	room, err := s.build(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.room, s.done = room, make(chan struct{})
	s.work, s.cut = context.WithCancel(context.WithoutCancel(ctx))
	return &lifecycle.Daemon{Service: s, Log: s.log, Reload: s.reload}, nil
}

// Serve runs until Drain.
func (s *scrubbing) Serve() error {
	defer close(s.done)
	for {
		s.turn <- struct{}{}
		every := s.room.every
		if err := s.room.Run(s.work, s.stop); err != nil {
			s.log.Error("unable to scrub, trying again later", "error", err)
		}
		<-s.turn
		select {
		case <-s.stop:
			return s.room.g.close()
		case <-time.After(every):
		}
	}
}

// Drain lets images end that are being scrubbed.
func (s *scrubbing) Drain(ctx context.Context) error {
	close(s.stop)
	select {
	case <-s.done:
	case <-ctx.Done():
	}
	s.cut()
	<-s.done
	return nil
}

// reload takes effect with the next run.
func (s *scrubbing) reload(ctx context.Context) error {
	if err := s.logs.Reopen(); err != nil {
		return err
	}
	cfg, err := s.load()
	if err != nil {
		return err
	}
	next, err := s.build(ctx, cfg)
	if err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return errors.Join(ctx.Err(), next.g.close())
	}
	defer func() { <-s.turn }()
	old := s.room
	s.room = next
	return old.g.close()
}

// scrubberRuns looks for another scrubber on this machine, ours or the
// original's, in the list of processes.
func scrubberRuns(proc string) (bool, error) {
	const name = "glance-scrubber"
	lines, err := filepath.Glob(proc + "/[0-9]*/cmdline")
	if err != nil {
		return false, err
	}
	for _, path := range lines {
		if filepath.Base(filepath.Dir(path)) == strconv.Itoa(os.Getpid()) {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		if strings.HasPrefix(filepath.Base(words[0]), "python") { // which runs a script or a module
			words = words[1:]
			if len(words) > 1 && words[0] == "-m" && words[1] == "glance.cmd.scrubber" {
				return true, nil
			}
		}
		if len(words) > 0 && filepath.Base(words[0]) == name {
			return true, nil
		}
	}
	return false, nil
}
