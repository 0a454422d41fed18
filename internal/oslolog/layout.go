package oslolog

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// record is one log record on its way to a line.
type record struct {
	time     time.Time
	level    slog.Level
	logger   string
	request  string // empty without a request context
	global   string
	identity any // Identity, or its text
	message  string
	fields   []field
	pc       uintptr
}

// field is an attribute that follows the message.
type field struct {
	key   string
	value slog.Value
}

// layout writes records as text.
type layout struct {
	context, plain form
	identity       form
	date           dateForm
}

// newLayout compiles format strings; empty ones are the usual ones.
func newLayout(context, plain, identity, date string) (*layout, error) {
	var l layout
	var err error
	for _, part := range []struct {
		to     *form
		format string
		usual  string
	}{{&l.context, context, usualContext}, {&l.plain, plain, usualDefault}, {&l.identity, identity, usualIdentity}} {
		if part.format == "" {
			part.format = part.usual
		}
		if *part.to, err = newForm(part.format); err != nil {
			return nil, err
		}
	}
	if date == "" {
		date = usualDate
	}
	l.date, err = newDateForm(date)
	return &l, err
}

// form is a format string in the style of Python's logging, taken apart.
type form []piece

type piece struct {
	text   string // literal, when key is empty
	key    string
	flags  string // "-" and "0"
	width  int
	digits int // of %.3f
}

var conversionForm = regexp.MustCompile(`^%(?:(%)|\((\w+)\)([-0 +#]*)(\d{0,3})(?:\.(\d{1,2}))?([sdifr]))`)

// newForm takes %(name)s, %(msecs)03d, %(levelname)-8s and the like.
func newForm(format string) (form, error) {
	var f form
	for format != "" {
		at := strings.IndexByte(format, '%')
		if at < 0 {
			return append(f, piece{text: format}), nil
		}
		if at > 0 {
			f = append(f, piece{text: format[:at]})
			format = format[at:]
		}
		m := conversionForm.FindStringSubmatch(format)
		if m == nil {
			return nil, fmt.Errorf("log format: %q is not of the form %%(name)s", format)
		}
		format = format[len(m[0]):]
		if m[1] != "" {
			f = append(f, piece{text: "%"})
			continue
		}
		p := piece{key: m[2], flags: m[3]}
		p.width, _ = strconv.Atoi(m[4]) // at most three digits, empty is 0
		p.digits, _ = strconv.Atoi(m[5])
		f = append(f, p)
	}
	return f, nil
}

// append writes the form with the values that value appends for each key.
func (f form) append(b []byte, value func(b []byte, p piece) []byte) []byte {
	for _, p := range f {
		if p.key == "" {
			b = append(b, p.text...)
			continue
		}
		start := len(b)
		b = value(b, p)
		if missing := p.width - (len(b) - start); missing > 0 {
			b = p.pad(b, start, missing)
		}
	}
	return b
}

func (p piece) pad(b []byte, start, missing int) []byte {
	if strings.Contains(p.flags, "-") {
		return append(b, strings.Repeat(" ", missing)...)
	}
	fill := " "
	if strings.Contains(p.flags, "0") {
		fill = "0"
	}
	value := string(b[start:])
	return append(append(b[:start], strings.Repeat(fill, missing)...), value...)
}
