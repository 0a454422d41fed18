package imgformat

import "math"

// A track collects for one image the stretches of the file that it asks for.
type track struct {
	format string
	img    image
	wanted span
	buf    []byte // what has come of it
	lost   bool   // it lies before what is known of it, and has gone by
	after  int64  // end of the stretch before; the file's end does not reach back beyond
}

// next is the offset of the first byte waited for; negative: the very next byte, whichever it is.
func (t *track) next() int64 {
	switch {
	case t.wanted.len == 0, t.lost:
		return math.MaxInt64
	case t.wanted.off == fromEnd:
		return fromEnd
	}
	return t.wanted.off + int64(len(t.buf))
}

// ask notes what the image wants after the stretch got, whose bytes may hold some of it.
func (t *track) ask(want, got span, data []byte) {
	t.wanted, t.buf = want, nil
	switch {
	case want.len == 0:
	case want.off == fromEnd:
		t.after = got.off + int64(len(data))
	case want.off < got.off:
		t.lost = true
	case want.off < got.off+int64(len(data)):
		t.add(data[want.off-got.off:])
	}
}

// feed takes what is wanted out of p, which lies at start in the file.
func (t *track) feed(start int64, p []byte) {
	for t.wanted.len > 0 && !t.lost {
		if t.wanted.off == fromEnd {
			if skip := t.after - start; skip < int64(len(p)) {
				t.addTail(p[max(skip, 0):])
			}
			return
		}
		if len(t.buf) < t.wanted.len {
			from := t.next() - start
			if from >= int64(len(p)) {
				return
			}
			t.add(p[from:])
			continue
		}
		got, data := t.wanted, t.buf
		t.ask(t.img.take(data, true), got, data)
	}
}

// finish hands over what has come when no more will.
func (t *track) finish() {
	t.feed(t.next(), nil) // an answer may have lain in the head
	switch {
	case t.wanted.len == 0:
	case t.wanted.off == fromEnd:
		tail := t.buf[max(len(t.buf)-t.wanted.len, 0):]
		t.img.take(tail, len(tail) == t.wanted.len)
	default:
		t.img.take(t.buf, false)
	}
}

// add appends as much of b as is wanted. Capacity grows fourfold at least, so that all the buffers a stretch ever had
// are hardly more than the stretch.
func (t *track) add(b []byte) {
	b = b[:min(len(b), t.wanted.len-len(t.buf))]
	if need := len(t.buf) + len(b); need > cap(t.buf) {
		room := max(cap(t.buf), 1024)
		for room < need {
			room *= 4
		}
		t.buf = append(make([]byte, 0, min(room, t.wanted.len)), t.buf...)
	}
	t.buf = append(t.buf, b...)
}

// addTail keeps the last bytes of the file so far, in a buffer of twice the room so that it is seldom moved.
func (t *track) addTail(b []byte) {
	n := t.wanted.len
	if t.buf == nil {
		t.buf = make([]byte, 0, 2*n)
	}
	b = b[max(len(b)-n, 0):]
	if len(t.buf)+len(b) > cap(t.buf) {
		kept := copy(t.buf, t.buf[len(t.buf)-(n-len(b)):])
		t.buf = t.buf[:kept]
	}
	t.buf = append(t.buf, b...)
}
