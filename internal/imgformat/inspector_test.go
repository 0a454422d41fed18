package imgformat_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"glance/internal/imgformat"
)

// How the stream is cut must not matter: not for the format, nor for any text or size.
func TestChunksDoNotMatter(t *testing.T) {
	all := samples(t)
	for _, name := range sorted(all) {
		data := all[name]
		want := outcome(whole(data))
		for _, chunk := range []int{1, 7, 511, 512, 513, 4096, 32769, 65536} {
			if got := outcome(inspect(data, chunk)); got != want {
				t.Errorf("%s in chunks of %d:\n%swant:\n%s", name, chunk, got, want)
			}
		}
		in, rest := imgformat.New(), data
		rnd := rand.New(rand.NewPCG(1, uint64(len(data))))
		for len(rest) > 0 {
			n := min(rnd.IntN(3000), len(rest)) // empty writes too
			_, _ = in.Write(rest[:n])
			rest = rest[n:]
		}
		if got := outcome(in.Verdict()); got != want {
			t.Errorf("%s in random chunks:\n%swant:\n%s", name, got, want)
		}
	}
}

func TestDetectAgreesWithStream(t *testing.T) {
	all := samples(t)
	for _, name := range sorted(all) {
		// A long end shows that it does not matter how far the file goes on.
		for _, data := range [][]byte{all[name], append(bytes.Clone(all[name]), make([]byte, 300<<10)...)} {
			got, err := imgformat.Detect(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if want := outcome(whole(data)); outcome(got) != want {
				t.Errorf("%s:\n%swant:\n%s", name, outcome(got), want)
			}
		}
	}
}

// countingReader counts the bytes read of a file of zeros.
type countingReader struct{ n int }

func (c *countingReader) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	c.n += len(p)
	return len(p), nil
}

func TestDetectReadsLittle(t *testing.T) {
	var r countingReader
	v, err := imgformat.Detect(&r, 1<<40)
	if err != nil || v.Size() != 1<<40 {
		t.Errorf("size %d, error %v", v.Size(), err)
	}
	if r.n > 128<<10 {
		t.Errorf("read %d bytes", r.n)
	}
}

type brokenReader struct{}

var errBroken = errors.New("broken")

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestDetectPassesReadErrors(t *testing.T) {
	if _, err := imgformat.Detect(brokenReader{}, 1); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestWriteLeavesInputAlone(t *testing.T) {
	for name, data := range samples(t) {
		before := bytes.Clone(data)
		in := imgformat.New()
		if n, err := in.Write(data); n != len(data) || err != nil {
			t.Errorf("%s: wrote %d of %d, error %v", name, n, len(data), err)
		}
		v := in.Verdict()
		if !bytes.Equal(data, before) {
			t.Errorf("%s was changed", name)
		}
		want := outcome(v)
		clear(data) // as the data path does when it fills the buffer again
		if outcome(v) != want {
			t.Errorf("%s was kept", name)
		}
	}
}

func TestVerdictIsFinal(t *testing.T) {
	in := imgformat.New()
	_, _ = in.Write(make([]byte, 100))
	first := outcome(in.Verdict())
	_, _ = in.Write(make([]byte, 1<<20))
	if got := outcome(in.Verdict()); got != first {
		t.Errorf("changed from\n%sto\n%s", first, got)
	}
}

// Everything an inspector ever allocates is counted, freed or not.
func TestMemoryIsBounded(t *testing.T) {
	const limit = 2 << 20
	all := samples(t)
	hostile := map[string][]byte{
		"text":               bytes.Repeat([]byte("createType=\"monolithicSparse\"\n"), 1<<19),
		"text, also vhdx":    append([]byte("vhdxfile"), bytes.Repeat([]byte("rw \"/\"\n"), 1<<21)...),
		"lines":              bytes.Repeat([]byte("\n"), 16<<20),
		"vmdk descriptor":    append(bytes.Clone(all["vmdk-long-descriptor"]), bytes.Repeat([]byte("#\n"), 8<<20)...),
		"vmdk, long type":    append(bytes.Clone(all["vmdk-long-descriptor"]), bytes.Repeat([]byte("x"), 16<<20)...),
		"vhdx region table":  append(bytes.Clone(all["vhdx-full-region-table"]), make([]byte, 16<<20)...),
		"vmdk with a footer": append(bytes.Clone(all["vmdk-stream"]), make([]byte, 16<<20)...),
	}
	for _, name := range append(sorted(all), sorted(hostile)...) {
		data, ok := hostile[name]
		if !ok {
			data = all[name]
		}
		for _, chunk := range []int{512, 1 << 20} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			inspect(data, chunk)
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > limit {
				t.Errorf("%s in chunks of %d: %d bytes allocated", name, chunk, n)
			}
		}
	}
}

func TestWriteAllocatesNothingOnceSettled(t *testing.T) {
	in := imgformat.New()
	chunk := make([]byte, 64<<10)
	_, _ = in.Write(chunk)
	if n := testing.AllocsPerRun(100, func() { _, _ = in.Write(chunk) }); n > 0 {
		t.Errorf("%v allocations per write", n)
	}
}

func TestLongDescriptorIsReadWhole(t *testing.T) {
	all := samples(t)
	const descriptorMax = 1<<20 - 1
	for _, c := range []struct {
		name   string
		at     int // where the forbidden line begins in the descriptor
		unsafe bool
	}{
		{"last line", descriptorMax - len("rw 1 flat \"/a\"\n"), true},
		{"beyond", descriptorMax, false},
	} {
		data := append(bytes.Clone(all["vmdk-long-descriptor"]), make([]byte, 2<<20)...)
		text := data[512:]
		end := bytes.IndexByte(text, 0)
		copy(text[end:], strings.Repeat("#", c.at-end-1)+"\nrw 1 flat \"/a\"\n")
		_, err := whole(data).Judge("vmdk", imgformat.Rules{})
		if (err != nil) != c.unsafe {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
