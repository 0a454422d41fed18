package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
)

// A line is eight hexadecimal digits of the CRC-32 of what follows the blank
// after them, then + for the begin or - for the end of an entry, its number,
// and for the begin its fields:
//
//	3f1c9a70 + 17 {"image":"…"}
//	98b0e3d1 - 17
//
// JSON escapes line ends, so there are none inside.

type line struct {
	number uint64
	fields map[string]string // nil for the end of an entry
}

func (l line) append(to []byte) ([]byte, error) {
	text := strconv.AppendUint([]byte("- "), l.number, 10)
	if l.fields != nil {
		fields, err := json.Marshal(l.fields)
		if err != nil {
			return nil, err
		}
		text[0] = '+'
		text = append(append(text, ' '), fields...)
	}
	to = fmt.Appendf(to, "%08x ", crc32.ChecksumIEEE(text))
	return append(append(to, text...), '\n'), nil
}

// parseLine reads what append wrote, without the line end.
func parseLine(text []byte) (l line, ok bool) {
	sum, rest, ok := bytes.Cut(text, []byte(" "))
	if !ok || string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(rest)) {
		return line{}, false
	}
	sign, rest, _ := bytes.Cut(rest, []byte(" "))
	number, fields, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseUint(string(number), 10, 64)
	if err != nil {
		return line{}, false
	}
	l.number = n
	switch string(sign) {
	case "-":
		return l, len(fields) == 0
	case "+":
		return l, json.Unmarshal(fields, &l.fields) == nil && l.fields != nil
	}
	return line{}, false
}

// unsettled reads a file and gives the entries that were begun and not ended,
// in order. damaged is the number of the first line that is broken and not the
// last, 0 when there is none.
func unsettled(text []byte) (entries []map[string]string, damaged int) {
	var open []line
	for i := 1; len(text) > 0; i++ {
		one, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		l, ok := parseLine(one)
		switch {
		case !ok || !whole:
			if len(rest) > 0 && damaged == 0 {
				damaged = i
			}
		case l.fields != nil:
			open = append(open, l)
		default:
			open = without(open, l.number)
		}
	}
	for _, l := range open {
		entries = append(entries, l.fields)
	}
	return entries, damaged
}

func without(open []line, number uint64) []line {
	for i, l := range open {
		if l.number == number {
			return append(open[:i], open[i+1:]...)
		}
	}
	return open
}
