package multihash_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"glance/internal/multihash"
)

var errBroken = errors.New("broken")

func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// collect is a reader-style consumer, as a store's Put is one.
func collect(into *bytes.Buffer) multihash.Consumer {
	return func(_ context.Context, r io.Reader) error {
		_, err := io.CopyBuffer(into, struct{ io.Reader }{r}, make([]byte, 100))
		return err
	}
}

// newPool gives a pool of small buffers, which must all be back at the end.
func newPool(t *testing.T) *multihash.Pool {
	pool := &multihash.Pool{BufferSize: 1 << 10, Buffers: 3}
	t.Cleanup(func() {
		if n := pool.InUse(); n != 0 {
			t.Errorf("%d buffers are still in use", n)
		}
	})
	return pool
}

func TestPipeGivesAllToEveryone(t *testing.T) {
	for _, size := range []int{0, 1, 1<<10 - 1, 1 << 10, 1<<10 + 1, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := noise(size)
			sum := md5.New()
			var written, read bytes.Buffer
			n, err := newPool(t).Pipe(t.Context(), iotest.HalfReader(bytes.NewReader(data)),
				multihash.To(sum), multihash.To(&written), collect(&read))
			if err != nil || n != int64(size) {
				t.Fatalf("got %d, %v", n, err)
			}
			if want := md5.Sum(data); !bytes.Equal(sum.Sum(nil), want[:]) {
				t.Error("the hash is wrong")
			}
			if !bytes.Equal(written.Bytes(), data) || !bytes.Equal(read.Bytes(), data) {
				t.Error("a consumer saw other data")
			}
		})
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestPipeWritesWholeBuffers(t *testing.T) {
	var sizes []int
	_, err := newPool(t).Pipe(t.Context(), iotest.OneByteReader(bytes.NewReader(noise(2500))),
		multihash.To(writerFunc(func(p []byte) (int, error) {
			sizes = append(sizes, len(p))
			return len(p), nil
		})))
	if got := fmt.Sprint(sizes); err != nil || got != "[1024 1024 452]" {
		t.Errorf("got writes of %s bytes, %v", got, err)
	}
}

// endless is a source without an end; it counts what it gave.
type endless struct{ given int }

func (e *endless) Read(p []byte) (int, error) {
	e.given += len(p)
	return len(p), nil
}

func TestPipeEndsWithFirstError(t *testing.T) {
	fails := multihash.To(writerFunc(func([]byte) (int, error) { return 0, errBroken }))
	tests := map[string]struct {
		src       io.Reader
		consumers []multihash.Consumer
		want      string
	}{
		"source":         {io.MultiReader(bytes.NewReader(noise(5000)), iotest.ErrReader(errBroken)), nil, "broken"},
		"source at once": {iotest.ErrReader(errBroken), nil, "broken"},
		"writer":         {&endless{}, []multihash.Consumer{fails}, "broken"},
		"short writer":   {&endless{}, []multihash.Consumer{multihash.To(writerFunc(func([]byte) (int, error) { return 1, nil }))}, "short write"},
		"reader": {&endless{}, []multihash.Consumer{func(_ context.Context, r io.Reader) error {
			_, _ = io.CopyN(io.Discard, r, 10_000)
			return errBroken
		}}, "broken"},
		"late": {bytes.NewReader(noise(10)), []multihash.Consumer{func(_ context.Context, r io.Reader) error {
			_, _ = io.Copy(io.Discard, r)
			return errBroken // as a store whose last sync fails
		}}, "broken"},
		"panic":         {&endless{}, []multihash.Consumer{func(context.Context, io.Reader) error { panic("ouch") }}, "panic: ouch"},
		"source panics": {panics{}, nil, "panic: ouch"},
		"no progress":   {iotest.TimeoutReader(stuck{}), nil, "timeout"},
		"stuck":         {stuck{}, nil, "multiple Read calls return no data or error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen error
				bystander := func(_ context.Context, r io.Reader) error {
					_, seen = io.Copy(io.Discard, r)
					return seen
				}
				consumers := append(tt.consumers, multihash.To(md5.New()), bystander)
				_, err := newPool(t).Pipe(t.Context(), tt.src, consumers...)
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("got error %v, want %s", err, tt.want)
				}
				if name != "late" && seen != err { //nolint:errorlint // the very error
					t.Errorf("the bystander saw %v", seen)
				}
			})
		})
	}
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("ouch") }

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestPipeNoticesSwallowedError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var once bool
	_, err := newPool(t).Pipe(ctx, bytes.NewReader(noise(2048)), func(_ context.Context, r io.Reader) error {
		for {
			if _, err := r.Read(make([]byte, 512)); err != nil {
				return nil
			}
			if !once {
				once = true
				cancel()
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPipeCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBroken) })
		slow := func(ctx context.Context, r io.Reader) error {
			_, _ = r.Read(make([]byte, 1))
			<-ctx.Done()
			return ctx.Err()
		}
		src := &endless{}
		n, err := newPool(t).Pipe(ctx, src, slow, multihash.To(io.Discard))
		if err != errBroken { //nolint:errorlint // the very cause
			t.Errorf("got %v", err)
		}
		// The slowest sets the pace: it held three buffers and no more were read.
		if n != int64(src.given) || n != 3<<10 {
			t.Errorf("read %d bytes", n)
		}
	})
}

func TestPipeEnough(t *testing.T) {
	calls := 0
	head := writerFunc(func(p []byte) (int, error) {
		calls++
		return len(p), fmt.Errorf("seen: %w", multihash.ErrEnough)
	})
	var all bytes.Buffer
	n, err := newPool(t).Pipe(t.Context(), bytes.NewReader(noise(50_000)), multihash.To(head), multihash.To(&all))
	if err != nil || n != 50_000 || all.Len() != 50_000 || calls != 1 {
		t.Errorf("got %d, %v; all saw %d bytes; head was called %d times", n, err, all.Len(), calls)
	}
}

func TestPipeStopsWhenNobodyWantsMore(t *testing.T) {
	head := func(_ context.Context, r io.Reader) error {
		_, err := io.ReadFull(r, make([]byte, 10))
		return err
	}
	src := &endless{}
	if _, err := newPool(t).Pipe(t.Context(), src, head, head); err != nil {
		t.Errorf("got %v", err)
	}
	if n, err := newPool(t).Pipe(t.Context(), src); n != 0 || err != nil {
		t.Errorf("without consumers: got %d, %v", n, err)
	}
}

// A client of HTTP may still read a body after the call returned.
func TestPipeReaderOutlivesConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan error, 1)
		leaver := func(_ context.Context, r io.Reader) error {
			go func() {
				_, err := io.Copy(io.Discard, r)
				left <- err
			}()
			return nil
		}
		r, w := io.Pipe()
		go func() {
			time.Sleep(time.Second)
			_, _ = w.Write(noise(3000))
			w.Close()
		}()
		var all bytes.Buffer
		_, err := newPool(t).Pipe(t.Context(), r, leaver, multihash.To(&all))
		if err != nil || all.Len() != 3000 {
			t.Errorf("got %v, %d bytes", err, all.Len())
		}
		if err := <-left; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the reader that was left got %v", err)
		}
	})
}

func TestPipeConcurrent(t *testing.T) {
	pool := newPool(t)
	t.Run("group", func(t *testing.T) {
		for i := range 8 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				data := noise(30_000 + i)
				var a, b bytes.Buffer
				if _, err := pool.Pipe(t.Context(), bytes.NewReader(data), multihash.To(&a), collect(&b)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a.Bytes(), data) || !bytes.Equal(b.Bytes(), data) {
					t.Error("mixed up")
				}
			})
		}
	})
}
