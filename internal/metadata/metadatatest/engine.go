package metadatatest

import (
	"strings"
	"time"

	"glance/internal/metadata"
)

// Engine says in what a database differs from the others, for tests that would
// expect too much of it. The zero value differs in nothing: it keeps
// microseconds, stores every text and tells all texts apart.
type Engine struct {
	// Precision is that of stored times, 0 for microseconds. What is finer is cut off.
	Precision time.Duration
	// Fold gives what all texts that the database finds equal have in common,
	// and by which it sorts them; nil where only the same text is equal.
	Fold func(text string) string
	// Refuses reports texts that cannot be stored; nil for none.
	Refuses func(text string) bool
}

// MySQL is MySQL or MariaDB with the tables of the original: whole seconds, the
// collation utf8mb3_general_ci, no characters of four bytes (spec database §3).
func MySQL() Engine {
	accents := strings.NewReplacer("É", "E", "Ü", "U")
	return Engine{
		Precision: time.Second,
		Fold:      func(text string) string { return accents.Replace(strings.ToUpper(strings.TrimRight(text, " "))) },
		Refuses:   func(text string) bool { return strings.ContainsFunc(text, func(r rune) bool { return r > 0xffff }) },
	}
}

// PostgreSQL is a database with the collation C, which has no text with a zero byte.
func PostgreSQL() Engine {
	return Engine{Refuses: func(text string) bool { return strings.Contains(text, "\x00") }}
}

// tested is a store that says what it is.
type tested struct {
	metadata.Store
	engine Engine
}

func engineOf(s metadata.Store) Engine {
	if s, ok := s.(tested); ok {
		return s.engine
	}
	return Engine{}
}

func (e Engine) fold(text string) string {
	if e.Fold == nil {
		return text
	}
	return e.Fold(text)
}

func (e Engine) refuses(text string) bool { return e.Refuses != nil && e.Refuses(text) }

// stored is a time as it comes back.
func (e Engine) stored(at time.Time) time.Time {
	return at.Truncate(max(e.Precision, time.Microsecond))
}
