package importflow

import (
	"context"
	"io"
	"log/slog"

	"glance/internal/glance"
)

// Method is one place that data comes from.
type Method interface {
	// Check refuses a request of which no import can be made: Invalid.
	Check(ctx context.Context, r *Request) error
	// Open gives the data; nil when it is staged already. Whatever it fails
	// with ends the import; the user hears no more than that.
	Open(ctx context.Context, w *Work) (*Source, error)
}

// Source is data that comes in.
type Source struct {
	io.ReadCloser
	Size int64 // bytes that have to come, or -1
}

// Step works on the staged file of an import before it is stored.
type Step interface {
	// Run changes the file at w.Path in place, if at all, and leaves nothing
	// else beside it but under the names of w.Beside.
	Run(ctx context.Context, w *Work) error
}

// Work is an import on its way as methods and steps see it.
type Work struct {
	Request *Request
	Who     *glance.Caller
	Image   *glance.Image // as it will be; only Change changes it
	Path    string        // of the staged file
	SizeCap int64         // bytes that the file may have
	Log     *slog.Logger

	open    func(context.Context) (*Source, error)
	changes []func(*glance.Image)
}

// Change changes the image. Nobody sees that before the data is there.
func (w *Work) Change(f func(*glance.Image)) {
	f(w.Image)
	w.changes = append(w.changes, f)
}

// Original opens the data that the image has.
func (w *Work) Original(ctx context.Context) (*Source, error) { return w.open(ctx) }

// Beside is the name of a file for a step's own use; ending is one of Endings.
func (w *Work) Beside(ending string) string { return w.Path + "." + ending }

// Endings are those of the files that steps make; what a crash leaves of them is
// removed at the next start.
func Endings() []string { return []string{"uc", "raw", "qcow2", "vmdk"} }
