package sqldb

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The types below take a column of any dialect without reflection. They are
// filled again for every row.

type text struct {
	value string
	null  bool
}

// Scan implements sql.Scanner.
func (t *text) Scan(src any) error {
	*t = text{}
	switch v := src.(type) {
	case nil:
		t.null = true
	case string:
		t.value = v
	case []byte:
		t.value = string(v)
	default:
		t.value = fmt.Sprint(v)
	}
	return nil
}

func (t *text) pointer() *string {
	if t.null {
		return nil
	}
	v := t.value
	return &v
}

type number struct {
	value int64
	null  bool
}

// Scan implements sql.Scanner.
func (n *number) Scan(src any) (err error) {
	*n = number{}
	switch v := src.(type) {
	case nil:
		n.null = true
	case int64:
		n.value = v
	case string:
		n.value, err = strconv.ParseInt(v, 10, 64)
	case []byte:
		n.value, err = strconv.ParseInt(string(v), 10, 64)
	default:
		err = fmt.Errorf("a number of type %T", src)
	}
	return err
}

func (n *number) pointer() *int64 {
	if n.null {
		return nil
	}
	v := n.value
	return &v
}

type flag bool

// Scan implements sql.Scanner; null is false.
func (f *flag) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*f = false
	case bool:
		*f = flag(v)
	case int64:
		*f = v != 0
	default:
		return fmt.Errorf("a boolean of type %T", src)
	}
	return nil
}

type stamp struct{ time.Time }

// Scan implements sql.Scanner; null is the zero time. Columns hold UTC, so what
// says another zone is converted and what says none is UTC.
func (s *stamp) Scan(src any) (err error) {
	s.Time = time.Time{}
	switch v := src.(type) {
	case nil:
	case time.Time:
		s.Time = v.UTC()
	case string:
		s.Time, err = parseTime(v)
	case []byte:
		s.Time, err = parseTime(string(v))
	default:
		err = fmt.Errorf("a time of type %T", src)
	}
	return err
}

// parseTime reads a time of a text column leniently: with or without
// fraction, zone and T, or a date alone. Empty is the zero time.
func parseTime(s string) (time.Time, error) {
	s = strings.Replace(strings.TrimSpace(s), "T", " ", 1)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("unreadable time %q", s)
}
