package imgformat

import (
	"io"
	"math"
)

// An Inspector judges an image while its bytes stream by. It is not safe for concurrent use.
type Inspector struct {
	seen    int64 // bytes so far
	next    int64 // offset of the first byte that anybody still waits for
	head    []byte
	sniffed bool
	tracks  []track // the formats that are still possible
	verdict *Verdict
}

// New returns an inspector at the start of a file.
func New() *Inspector {
	return &Inspector{head: make([]byte, 0, headLen)}
}

// Write looks at the next bytes of the file. It takes all of them, always, and keeps none of p.
func (i *Inspector) Write(p []byte) (int, error) {
	start := i.seen
	i.seen += int64(len(p))
	if i.seen > i.next && i.verdict == nil {
		i.feed(start, p)
	}
	return len(p), nil
}

// Verdict ends the stream, settles what is still open and says what the file is. Bytes written later do not count.
func (i *Inspector) Verdict() Verdict {
	if i.verdict == nil {
		if !i.sniffed {
			i.sniff()
		}
		v := Verdict{size: i.seen}
		for k := range i.tracks {
			t := &i.tracks[k]
			t.finish()
			if r, ok := t.img.report(i.seen); ok {
				v.add(t.format, r)
			}
		}
		i.tracks, i.verdict = nil, &v
	}
	return *i.verdict
}

func (i *Inspector) feed(start int64, p []byte) {
	if !i.sniffed {
		n := min(headLen-len(i.head), len(p))
		i.head = append(i.head, p[:n]...)
		i.next = int64(len(i.head))
		if len(i.head) < headLen {
			return
		}
		i.sniff()
	}
	i.next = math.MaxInt64
	for k := range i.tracks {
		t := &i.tracks[k]
		t.feed(start, p)
		i.next = min(i.next, t.next())
	}
}

func (i *Inspector) sniff() {
	i.sniffed = true
	i.tracks = make([]track, 0, len(formats))
	for _, f := range &formats {
		img := f.sniff(i.head)
		if img == nil {
			continue
		}
		t := track{format: f.name, img: img}
		t.ask(img.want(), span{0, len(i.head)}, i.head)
		i.tracks = append(i.tracks, t)
	}
}

// Detect inspects a file of size bytes without reading more of it than needed. The error is the reader's.
func Detect(r io.ReaderAt, size int64) (Verdict, error) {
	i := New()
	buf := make([]byte, 64<<10)
	for {
		// Nobody needs what lies before i.next. Below zero the file's end is awaited, which is seldom: read on.
		i.seen = min(max(i.seen, i.next), size)
		if i.seen == size {
			return i.Verdict(), nil
		}
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-i.seen)], i.seen)
		if n == 0 && err != nil {
			return Verdict{}, err
		}
		_, _ = i.Write(buf[:n]) // never fails
	}
}
