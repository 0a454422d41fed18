package store

import (
	"context"
	"io"
	"time"

	"glance/internal/glance"
)

// Driver keeps image data in one place. All methods may be called by many
// goroutines at once.
type Driver interface {
	// Put writes the data of r under the name of up and returns where it lies.
	// The data is durable when Put returns, and invisible before. When up.Size
	// is not SizeUnknown and r gives another number of bytes, when r fails, or
	// when ctx ends (between two reads of r), Put fails and leaves nothing.
	// Kinds: Conflict when data of that image exists, TooLarge when the medium
	// is full, Unavailable when it may not be written, Gone when the store
	// takes no data, Invalid for another size (SizeExceeds, SizeMismatch) and
	// for an id that cannot be a name; an error of r is passed on as it is.
	// When r implements io.WriterTo, Put had better use it: the pipe that
	// uploads go through hands out large buffers that way, without a copy.
	Put(ctx context.Context, up Upload, r io.Reader) (Object, error)

	// Open gives the data from offset on, all of it. The error is NotFound
	// when there is none, Unavailable when it cannot be reached, Forbidden,
	// Unsupported for an offset where only the start can be read, or Invalid
	// for a URL that is not this driver's. Whoever opens closes.
	Open(ctx context.Context, url string, offset int64) (Data, error)

	// Size asks how many bytes lie at url; kinds as in Open.
	Size(ctx context.Context, url string) (int64, error)

	// Delete removes the data. Kinds: NotFound when it is gone already,
	// Forbidden, Conflict when it is in use, Unsupported when this store
	// cannot delete.
	Delete(ctx context.Context, url string) error

	// Abandon removes whatever an upload of an earlier process may have left,
	// published data included: it is told an Upload that was journalled and
	// never settled, and whose image does not have the data. There may be
	// nothing. It never removes the data of another upload; where a medium
	// cannot tell whose published data is, that stays. Twice is as once.
	Abandon(ctx context.Context, up Upload) error

	// Owns reports whether url names data in this very place (spec stores
	// §3, url_prefix).
	Owns(url string) bool

	// Info describes the store for discovery.
	Info() Info
}

// sweeper is a driver that can look through all that it holds.
type sweeper interface {
	Sweep(ctx context.Context, before time.Time, gone func(imageID string, written time.Time) (bool, error)) error
}

// Sweep removes the data that was written before a time and that, as gone says,
// is nobody's. Data that is written anew meanwhile stays. An error of gone ends
// the sweep and is returned; where something cannot be removed, the sweep goes
// on and returns that in the end. The error is Unsupported where a driver
// cannot tell what it holds.
func Sweep(ctx context.Context, d Driver, before time.Time, gone func(imageID string, written time.Time) (bool, error)) error {
	s, ok := d.(sweeper)
	if !ok {
		return &glance.Error{Kind: glance.Unsupported}
	}
	return s.Sweep(ctx, before, gone)
}

// SizeUnknown stands for the size of a stream that nobody announced.
const SizeUnknown = -1

// Upload is one attempt to write the data of an image.
type Upload struct {
	ImageID string
	Attempt string // unique for every attempt, of letters, digits and hyphens; part of temporary names
	Size    int64  // bytes, or SizeUnknown
}

// Object is data that was written.
type Object struct {
	URL      string
	Size     int64          // bytes
	Metadata map[string]any // what the driver adds to the location's metadata
}

// Data is an open object. ReadCloser may be an *os.File positioned at the
// offset: doors hand that, not the Data around it, to the kernel.
type Data struct {
	io.ReadCloser
	Size int64 // bytes of the whole object, not of what is left to read; 0 when nobody knows
}

// Info describes a store for discovery (spec images-v2 §21).
type Info struct {
	Type       string         // file, http, swift, s3, rbd, …
	Schemes    []string       // URL schemes that this driver reads
	ReadOnly   bool           // takes no data at all
	RandomRead bool           // Open with an offset is cheap
	Properties map[string]any // shown to admins; no secrets
}
