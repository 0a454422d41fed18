package oslolog

import (
	"fmt"
	"strconv"
	"time"
)

// dateForm is a strftime format taken apart: pieces of text and conversions.
type dateForm []datePiece

type datePiece struct {
	text   string // literal, when layout and fn are unset
	layout string // of time.Format
	append func([]byte, time.Time) []byte
}

// newDateForm knows the conversions of strftime that have a meaning for a log;
// others are an error.
func newDateForm(format string) (dateForm, error) {
	var form dateForm
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			form = append(form, datePiece{text: format[i : i+1]})
			continue
		}
		i++
		if i == len(format) {
			return nil, fmt.Errorf("date format %q ends in %%", format)
		}
		piece, ok := conversion(format[i])
		if !ok {
			return nil, fmt.Errorf("date format %q: %%%c is not known", format, format[i])
		}
		form = append(form, piece)
	}
	return form, nil
}

func conversion(c byte) (datePiece, bool) {
	switch c {
	case '%':
		return datePiece{text: "%"}, true
	case 'f':
		return datePiece{append: func(b []byte, t time.Time) []byte {
			return fmt.Appendf(b, "%06d", t.Nanosecond()/1000)
		}}, true
	case 's':
		return datePiece{append: func(b []byte, t time.Time) []byte {
			return strconv.AppendInt(b, t.Unix(), 10)
		}}, true
	case 'j':
		return datePiece{append: func(b []byte, t time.Time) []byte {
			return fmt.Appendf(b, "%03d", t.YearDay())
		}}, true
	}
	layout, ok := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05",
		'p': "PM", 'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'z': "-0700", 'Z': "MST",
		'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'F': "2006-01-02", 'c': "Mon Jan _2 15:04:05 2006",
		'x': "01/02/06", 'X': "15:04:05",
	}[c]
	return datePiece{layout: layout}, ok
}

func (f dateForm) append(b []byte, t time.Time) []byte {
	for _, p := range f {
		switch {
		case p.append != nil:
			b = p.append(b, t)
		case p.layout != "":
			b = t.AppendFormat(b, p.layout)
		default:
			b = append(b, p.text...)
		}
	}
	return b
}
