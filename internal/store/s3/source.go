package s3

import (
	"context"
	"errors"
	"io"

	"glance/internal/store"
)

// source reads the data of an upload and checks how much it is. Every error of
// Read but io.EOF is the one that the upload fails with.
type source struct {
	ctx  context.Context
	r    io.Reader
	want int64 // bytes announced, or store.SizeUnknown
	size int64 // bytes so far
	err  error // of the last Read, io.EOF at the end
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.ctx.Err() != nil {
		s.err = context.Cause(s.ctx)
		return 0, s.err
	}
	if s.want != store.SizeUnknown {
		p = p[:min(int64(len(p)), s.want-s.size+1)] // one byte too many is enough to know
	}
	n, err := s.r.Read(p)
	s.size += int64(n)
	switch {
	case s.want != store.SizeUnknown && s.size > s.want:
		n, s.err = 0, store.SizeExceeds(s.want, s.size)
	case errors.Is(err, io.EOF) && s.want != store.SizeUnknown && s.size < s.want:
		n, s.err = 0, store.SizeMismatch(s.want, s.size)
	default:
		s.err = err
	}
	return n, s.err
}

// ended reports whether the source came to its good end.
func (s *source) ended() bool { return s.err == io.EOF } //nolint:errorlint // the bare value ends a stream

// failure is why the source broke; nil when it did not.
func (s *source) failure() error {
	if s.ended() {
		return nil
	}
	return s.err
}

// idleReads is how often a reader may give nothing in a row.
const idleReads = 100

// fill reads until space is full or the source ends, well or not.
func (s *source) fill(space []byte) (n int) {
	for idle := 0; n < len(space) && s.err == nil; {
		got, _ := s.Read(space[n:])
		n += got
		if got > 0 {
			idle = 0
		} else if idle++; idle == idleReads && s.err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return n
}

// held is a source that gives its last bytes only when it is known that no more
// follow, so that a server never has all of a request that is to fail.
type held struct{ *source }

func (h held) Read(p []byte) (int, error) {
	n, err := h.source.Read(p)
	if err == nil && h.size == h.want {
		h.fill(make([]byte, 1))
	}
	if h.failure() != nil {
		return 0, h.err
	}
	return n, err
}
