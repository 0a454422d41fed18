package cache

import (
	"context"
	"errors"
	"io"
	"time"
)

const (
	chunkSize = 256 << 10
	// ahead is how many chunks the reader may be ahead of the disk.
	ahead = 8
	// patience is how long a reader waits for the disk of the cache in all,
	// until the image is rather not cached.
	patience = 2 * time.Second
)

var (
	errSlow   = errors.New("the disk of the cache is too slow")
	errUnread = errors.New("the data was not read to its end")
)

// tee gives data to its reader and writes it into a file, which is never the
// reader's trouble.
type tee struct {
	ctx   context.Context //nolint:containedctx // of the request that reads, for its last word
	src   io.ReadCloser
	fill  *Fill
	chunk *[]byte
	full  chan *[]byte
	done  chan struct{} // the writer has ended

	read   int64
	ended  bool // src has no more
	failed error
	waited time.Duration
}

// Tee gives the data of src while it becomes the file. When all of it was read,
// Close makes it a file of the cache, else an invalid one. Whatever goes wrong
// with the file is logged; the reader gets the data of src.
func (f *Fill) Tee(ctx context.Context, src io.ReadCloser) io.ReadCloser {
	t := &tee{ctx: ctx, src: src, fill: f, full: make(chan *[]byte, ahead), done: make(chan struct{})}
	go t.write()
	return t
}

// write writes until Close.
func (t *tee) write() {
	defer close(t.done)
	for chunk := range t.full {
		_, _ = t.fill.Write(*chunk) // End tells
		t.recycle(chunk)
	}
}

func (t *tee) recycle(chunk *[]byte) {
	*chunk = (*chunk)[:0]
	t.fill.cache.chunks.Put(chunk)
}

// Read implements io.Reader.
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	t.read += int64(n)
	t.ended = t.ended || errors.Is(err, io.EOF)
	for rest := p[:n]; len(rest) > 0 && t.failed == nil; {
		rest = rest[t.take(rest):]
	}
	return n, err
}

// take copies into the chunk at hand what fits.
func (t *tee) take(p []byte) int {
	if t.chunk == nil {
		t.chunk, _ = t.fill.cache.chunks.Get().(*[]byte)
	}
	n := min(len(p), cap(*t.chunk)-len(*t.chunk))
	*t.chunk = append(*t.chunk, p[:n]...)
	if len(*t.chunk) == cap(*t.chunk) {
		t.pass()
	}
	return n
}

// pass hands the chunk to the writer.
func (t *tee) pass() {
	select {
	case t.full <- t.chunk:
	default:
		begun := time.Now()
		late := time.NewTimer(patience - t.waited)
		defer late.Stop()
		select {
		case t.full <- t.chunk:
			t.waited += time.Since(begun)
		case <-late.C:
			t.failed = errSlow
			t.recycle(t.chunk)
		}
	}
	t.chunk = nil
}

// Close implements io.Closer.
func (t *tee) Close() error {
	err := t.src.Close()
	if t.chunk != nil {
		t.pass()
	}
	close(t.full)
	<-t.done
	want := t.fill.want
	if whole := t.read == want.Size || want.Size < 0 && t.ended; !whole && t.failed == nil {
		t.failed = errUnread
	}
	if failed := t.fill.End(t.ctx, t.failed); failed != nil {
		t.fill.cache.log.WarnContext(t.ctx, "an image was not cached", "image_id", want.ImageID, "error", failed)
	}
	return err
}
