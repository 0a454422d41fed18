package s3

import (
	"context"
	"errors"
	"io"
	"sync"
)

// blockSize is the grain of memory: a part takes as many blocks as it has data.
const blockSize = mib

// blockPool keeps blocks for the next part.
type blockPool struct{ pool sync.Pool }

func (b *blockPool) get() *[blockSize]byte {
	if block, ok := b.pool.Get().(*[blockSize]byte); ok {
		return block
	}
	return new([blockSize]byte)
}

// part is a piece of an upload that lies in memory, so that it can be sent
// again.
type part struct {
	pool   *blockPool
	blocks []*[blockSize]byte
	size   int64
}

// read takes up to limit bytes from src; less means that src has ended.
func (b *blockPool) read(src *source, limit int64) *part {
	p := &part{pool: b}
	for p.size < limit && src.err == nil {
		block := b.get()
		n := src.fill(block[:min(limit-p.size, blockSize)])
		p.blocks = append(p.blocks, block)
		p.size += int64(n)
	}
	return p
}

// release gives the memory back once nobody reads it any more.
func (p *part) release() {
	for _, block := range p.blocks {
		p.pool.pool.Put(block)
	}
	p.blocks, p.size = nil, 0
}

// open gives the data as the body of a request.
func (p *part) open() *partReader { return &partReader{part: p} }

// partReader can be read again from any place, for requests that are repeated.
type partReader struct {
	part *part
	at   int64
}

func (r *partReader) Read(to []byte) (int, error) {
	if r.at >= r.part.size {
		return 0, io.EOF
	}
	from := r.at % blockSize
	n := copy(to, r.part.blocks[r.at/blockSize][from:min(blockSize, from+r.part.size-r.at)])
	r.at += int64(n)
	return n, nil
}

func (r *partReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.part.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	r.at = offset
	return offset, nil
}

// finished reports whether all was read: a server may answer before that, and
// somebody still reads then.
func (r *partReader) finished() bool { return r.at >= r.part.size }

// slots bound the parts in memory: one for each upload, so that it goes on
// whatever others do, and some that all uploads of a store share.
type slots struct {
	own    chan struct{}
	shared chan struct{} // nil when parts are too large to have several
}

// take waits for a slot; free gives it back.
func (s slots) take(ctx context.Context) (free func(), err error) {
	select {
	case s.own <- struct{}{}:
		return func() { <-s.own }, nil
	case s.shared <- struct{}{}:
		return func() { <-s.shared }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// keyLocks let one upload of a key publish at a time.
type keyLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits until nobody else has key.
func (k *keyLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		other, ok := k.held[key]
		if !ok {
			if k.held == nil {
				k.held = map[string]chan struct{}{}
			}
			done := make(chan struct{})
			k.held[key] = done
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(done)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
