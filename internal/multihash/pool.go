package multihash

import (
	"sync"
	"sync/atomic"
)

// The measured defaults of a Pool.
const (
	DefaultBufferSize = 1 << 20
	DefaultBuffers    = 8
)

// Pool lends the buffers of transfers. The zero value is ready; one Pool
// serves a whole program. Change no field after first use.
type Pool struct {
	BufferSize int // bytes of a buffer; 0 means DefaultBufferSize
	Buffers    int // buffers that one transfer may hold, 1 at least; 0 means DefaultBuffers

	free  sync.Pool
	inUse atomic.Int64
}

// InUse tells how many buffers are with transfers now.
func (p *Pool) InUse() int { return int(p.inUse.Load()) }

func (p *Pool) take() *buffer {
	p.inUse.Add(1)
	if b, ok := p.free.Get().(*buffer); ok {
		return b
	}
	size := p.BufferSize
	if size <= 0 {
		size = DefaultBufferSize
	}
	return &buffer{space: make([]byte, size)}
}

func (p *Pool) give(b *buffer) {
	p.free.Put(b)
	p.inUse.Add(-1)
}

// buffer is a piece of the stream; whoever uses it holds one of its refs.
type buffer struct {
	space []byte
	data  []byte // the part of space that is filled
	refs  atomic.Int32
}

// supply is what one transfer may hold of a Pool. Buffers are taken when they
// are needed and kept until the transfer ends.
type supply struct {
	pool *Pool
	back chan *buffer // released ones
	all  []*buffer
}

func (p *Pool) supply() *supply {
	n := p.Buffers
	if n <= 0 {
		n = DefaultBuffers
	}
	return &supply{pool: p, back: make(chan *buffer, n), all: make([]*buffer, 0, n)}
}

// next gives an empty buffer, waiting for one if it must; nil when stop is
// closed first.
func (s *supply) next(stop <-chan struct{}) *buffer {
	select {
	case b := <-s.back:
		return b
	default:
	}
	if len(s.all) < cap(s.all) {
		b := s.pool.take()
		s.all = append(s.all, b)
		return b
	}
	select {
	case b := <-s.back:
		return b
	case <-stop:
		return nil
	}
}

func (s *supply) release(b *buffer) {
	if b.refs.Add(-1) == 0 {
		s.back <- b // never blocks: there is room for all
	}
}

// close gives everything back; nobody may hold a buffer any more.
func (s *supply) close() {
	for _, b := range s.all {
		s.pool.give(b)
	}
}
