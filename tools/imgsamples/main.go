package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "internal/imgformat/testdata", "directory to write to")
	flag.Parse()
	for name, samples := range families() {
		if err := os.WriteFile(filepath.Join(*out, name+".samples"), render(samples), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// A sample is a made-up image file.
type sample struct {
	name string
	data []byte
}

// newSample returns a sample of size zero bytes.
func newSample(name string, size int) *sample {
	return &sample{name: name, data: make([]byte, size)}
}

// at writes pieces one after the other; what reaches beyond the file is cut off.
func (s *sample) at(off int, pieces ...[]byte) *sample {
	copy(s.data[min(off, len(s.data)):], bytes.Join(pieces, nil))
	return s
}

// as returns a copy to be changed into another sample.
func (s *sample) as(name string) *sample {
	return &sample{name: name, data: bytes.Clone(s.data)}
}

// cut returns a copy that ends after size bytes.
func (s *sample) cut(name string, size int) *sample {
	return &sample{name: name, data: bytes.Clone(s.data[:size])}
}

func render(samples []*sample) []byte {
	var b bytes.Buffer
	b.WriteString("# Made by tools/imgsamples. Do not edit.\n")
	for _, s := range samples {
		fmt.Fprintf(&b, "\nsample %s %d\n", s.name, len(s.data))
		for off := 0; off < len(s.data); {
			if s.data[off] == 0 {
				off++
				continue
			}
			if n := textLen(s.data[off:]); n > 4 {
				fmt.Fprintf(&b, "%x %q\n", off, s.data[off:off+n])
				off += n
				continue
			}
			line := s.data[off:min(off+32, len(s.data))]
			fmt.Fprintf(&b, "%x %x\n", off, bytes.TrimRight(line, "\x00"))
			off += len(line)
		}
	}
	return b.Bytes()
}

// textLen is the number of bytes at the start of b that make a line of text.
func textLen(b []byte) int {
	for i, c := range b {
		switch {
		case c == '\n':
			return i + 1
		case c < ' ' || c > '~':
			return i
		}
	}
	return len(b)
}
