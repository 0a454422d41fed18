package cache_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// source is data that ends with an error, and that tells of its end.
type source struct {
	io.Reader
	closed bool
}

func (s *source) Close() error {
	s.closed = true
	return nil
}

func random(n int) string {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return string(data)
}

func TestTee(t *testing.T) {
	for _, n := range []int{0, 1, 256 << 10, 256<<10 + 1, 3 << 20} {
		r := newRig(t)
		data := random(n)
		src := &source{Reader: strings.NewReader(data)}
		tee := r.Begin(t.Context(), want(1, data)).Tee(t.Context(), src)
		// As doors read: not beyond the size.
		got, err := io.ReadAll(io.LimitReader(tee, int64(n)))
		must(t, errors.Join(err, tee.Close()))
		if string(got) != data || !src.closed {
			t.Errorf("%d bytes: other data, or not closed (%v)", n, src.closed)
		}
		r.wantFiles(t, id(1))
		r.wantData(t, 1, data)
	}
}

// TestTeeFails: the reader gets its data whatever becomes of the cache.
func TestTeeFails(t *testing.T) {
	data := random(1 << 20)
	for _, tt := range []struct {
		name  string
		src   io.Reader
		read  int64
		after func(*testing.T, *rig)
		files []string
	}{
		{name: "the client goes", src: strings.NewReader(data), read: 1 << 19, files: []string{"invalid/" + id(1)}},
		{name: "nothing is read", src: strings.NewReader(data), files: []string{"invalid/" + id(1)}},
		{name: "the store ends early", src: strings.NewReader(data[:1000]), read: 1 << 20, files: []string{"invalid/" + id(1)}},
		{name: "other data", src: strings.NewReader(random(1<<20-1) + "?"), read: 1 << 20, files: []string{"invalid/" + id(1)}},
		{
			name: "the image is deleted", src: strings.NewReader(data), read: 1 << 20,
			after: func(t *testing.T, r *rig) { must(t, r.Drop(t.Context(), id(1))) },
		},
		{
			name: "no place for the file", src: strings.NewReader(data), read: 1 << 20,
			after: func(t *testing.T, r *rig) { must(t, os.RemoveAll(filepath.Join(r.dir, "incomplete"))) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tee := r.Begin(t.Context(), want(1, data)).Tee(t.Context(), &source{Reader: tt.src})
			var got bytes.Buffer
			n, err := io.Copy(&got, io.LimitReader(tee, tt.read))
			must(t, err)
			if tt.after != nil {
				tt.after(t, r)
			}
			must(t, tee.Close())
			if whole := tt.name != "the store ends early"; whole && n != tt.read {
				t.Errorf("%d bytes, want %d", n, tt.read)
			}
			r.wantFiles(t, tt.files...)
			r.wantRecords(t)
			if !strings.Contains(r.log.String(), "was not cached") {
				t.Errorf("log: %s", r.log)
			}
		})
	}
}

func TestTeeSourceFails(t *testing.T) {
	r := newRig(t)
	src := &source{Reader: io.MultiReader(strings.NewReader("da"), failing{})}
	tee := r.Begin(t.Context(), want(1, "data")).Tee(t.Context(), src)
	if got, err := io.ReadAll(tee); string(got) != "da" || !errors.Is(err, errBoom) {
		t.Errorf("%q, %v", got, err)
	}
	must(t, tee.Close())
	r.wantFiles(t, "invalid/"+id(1))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBoom }

// TestTeeSlowDisk: a reader waits for the disk a while and not longer.
func TestTeeSlowDisk(t *testing.T) {
	for _, tt := range []struct {
		name   string
		chunk  time.Duration
		cached bool
	}{{"a little", 10 * time.Millisecond, true}, {"much", time.Minute, false}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				data := random(8 << 20)
				f := r.Begin(t.Context(), want(1, data))
				f.Slow(tt.chunk)
				tee := f.Tee(t.Context(), &source{Reader: strings.NewReader(data)})
				begun := time.Now()
				got, err := io.ReadAll(tee)
				must(t, err)
				if string(got) != data || time.Since(begun) > 2*time.Second {
					t.Errorf("%d bytes after %v", len(got), time.Since(begun))
				}
				must(t, tee.Close())
				if r.Has(id(1)) != tt.cached {
					t.Errorf("cached: %v; %s", r.Has(id(1)), r.log)
				}
			})
		})
	}
}
