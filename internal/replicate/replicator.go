package replicate

import (
	"context"
	"errors"
	"log/slog"

	"glance/internal/glance"
)

// Replicator is what all commands have in common.
type Replicator struct {
	Log      *slog.Logger
	Chunk    int      // bytes that are read and written at once, more than 0
	Skip     []string // attributes that are not copied and not compared
	MetaOnly bool     // leave data alone
}

// failures are images of a command that failed.
type failures struct {
	log  *slog.Logger
	n    int
	stop error // what ends the command
}

// note takes the outcome for an image; false ends the command.
func (f *failures) note(ctx context.Context, id string, err error) bool {
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
		f.stop = ctx.Err()
	case errors.Is(err, glance.Unauthenticated), errors.Is(err, glance.Unavailable):
		f.stop = err
	default:
		f.n++
		f.log.ErrorContext(ctx, "unable to replicate image "+id, "error", err)
		return true
	}
	return false
}

// result is the error of the whole command.
func (f *failures) result() error {
	if f.stop == nil && f.n > 0 {
		return glance.Errorf(glance.Internal, "%d images failed, the log says why", f.n)
	}
	return f.stop
}

// each calls work for every image of a server, and collects what fails.
func (r *Replicator) each(ctx context.Context, s *Server, work func(img Image) error) error {
	f := failures{log: r.Log}
	for img, err := range s.images(ctx) {
		if err != nil {
			return err
		}
		if !f.note(ctx, img.id(), work(img)) {
			break
		}
	}
	return f.result()
}

// Total is what a server holds.
type Total struct {
	Images int
	Bytes  int64
}

// Size counts the active images of a server and their data. Kinds of errors of
// this and all other commands: Unauthenticated, Unavailable, Invalid, Forbidden;
// Internal when single images failed.
func (r *Replicator) Size(ctx context.Context, s *Server) (t Total, err error) {
	err = r.each(ctx, s, func(img Image) error {
		r.Log.DebugContext(ctx, "Considering image: "+img.id())
		if img.status() == active {
			t.Images++
			t.Bytes += img.size()
		}
		return nil
	})
	return t, err
}

const (
	active = "active"
	queued = "queued"
)
