package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"glance/internal/store"
)

// syncEvery is how many bytes are written before the disk is asked to keep
// them, so that little is left for the final sync.
const syncEvery = 16 << 20

// maxWrite bounds one system call, so that a cancelled upload ends soon.
const maxWrite = 4 << 20

// sink writes a stream into a file. It implements io.ReaderFrom so that
// sources without large buffers of their own are read into one of ours.
type sink struct {
	ctx     context.Context
	file    *os.File
	want    int64 // bytes announced, or store.SizeUnknown
	chunk   int   // look for holes of this size; 0 for none
	buffers *sync.Pool
	sync    chan<- struct{} // asks for a sync by somebody who may wait for it

	size   int64 // bytes so far, holes included
	hole   bool  // the file ends with one
	asked  int64 // size when a sync was last asked for
	failed error // why writing failed, as opposed to reading
}

// takeAll copies the data of r. Meanwhile somebody else syncs, who has ended
// when takeAll does, even if r panics: then nobody may have the file any more.
func (w *sink) takeAll(r io.Reader) error {
	asked, synced := make(chan struct{}), make(chan error, 1)
	go func() {
		var failed error // the system tells each failure of the disk once, so none may get lost
		for range asked {
			failed = errors.Join(failed, syncData(w.file))
		}
		synced <- failed
	}()
	w.sync = asked
	defer func() {
		close(asked)
		if failed := <-synced; w.failed == nil {
			w.failed = failed
		}
	}()
	_, err := io.Copy(w, r)
	return err
}

func (w *sink) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		piece := p[:min(len(p), maxWrite)]
		if w.failed = w.write(piece); w.failed != nil {
			return written, w.failed
		}
		p = p[len(piece):]
		written += len(piece)
	}
	return written, nil
}

func (w *sink) ReadFrom(r io.Reader) (total int64, err error) {
	buffer := w.buffers.Get().(*[bufferSize]byte)
	defer w.buffers.Put(buffer)
	for err == nil {
		var n, written int
		// Not io.ReadFull: a source that breaks off says io.ErrUnexpectedEOF,
		// which must not look like its end.
		for n < bufferSize && err == nil {
			var got int
			got, err = r.Read(buffer[n:])
			n += got
		}
		if written, w.failed = w.Write(buffer[:n]); w.failed != nil {
			err = w.failed
		}
		total += int64(written)
	}
	if err == io.EOF {
		err = nil
	}
	return total, err
}

func (w *sink) write(p []byte) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if w.want != store.SizeUnknown && w.size+int64(len(p)) > w.want {
		return store.SizeExceeds(w.want, w.size+int64(len(p)))
	}
	if w.chunk == 0 {
		if _, err := w.file.Write(p); err != nil {
			return err
		}
		w.size += int64(len(p))
	} else if err := w.sparse(p); err != nil {
		return err
	}
	if w.size-w.asked >= syncEvery {
		select {
		case w.sync <- struct{}{}:
			w.asked = w.size
		default: // the disk is busy; the next sync has more to do
		}
	}
	return nil
}

// sparse writes p but for chunks that are all zero.
func (w *sink) sparse(p []byte) error {
	for len(p) > 0 {
		zero := isZero(p[:w.next(p)])
		n := w.next(p)
		for n < len(p) && isZero(p[n:n+w.next(p[n:])]) == zero {
			n += w.next(p[n:])
		}
		if !zero {
			if _, err := w.file.WriteAt(p[:n], w.size); err != nil {
				return err
			}
		}
		w.hole = zero
		w.size += int64(n)
		p = p[n:]
	}
	return nil
}

// next is the length of the chunk that p begins with.
func (w *sink) next(p []byte) int { return min(len(p), w.chunk) }

func isZero(p []byte) bool {
	return len(p) == 0 || p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1])
}

// finish gives the file its length when it ends with a hole.
func (w *sink) finish() error {
	if !w.hole {
		return nil
	}
	return w.file.Truncate(w.size)
}
