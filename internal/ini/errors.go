package ini

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pos is where a value was written. Line 0 means that the place has no lines:
// the command line, an environment variable, a built-in default.
type Pos struct {
	File string
	Line int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// ParseError is a line that is not in the syntax of its file.
type ParseError struct {
	Pos  Pos
	Msg  string
	Text string // the line, without what might be a secret
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("Failed to parse %s: at %s, %s: %s", e.Pos.File, e.Pos, e.Msg, quote(e.Text))
}

// ValueError is a value that its option does not take.
type ValueError struct {
	Option string // name, with "group." in front outside DEFAULT
	Pos    Pos
	Msg    string // what would be right
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("Value for option %s from %s is not valid: %s", e.Option, e.Pos, e.Msg)
}

// ValueErrors are all wrong values of one or several Fill calls, by place.
type ValueErrors []*ValueError

func (e ValueErrors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n")
}

// Sort puts the errors in the order of files and lines.
func (e ValueErrors) Sort() {
	slices.SortStableFunc(e, func(a, b *ValueError) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
}

var secretWord = regexp.MustCompile(`(?i)passw|secret|token|key|credential|connection|_url|://`)

// visible is the text of a broken line as an error may show it: behind a word
// that smells of a secret nothing is repeated.
func visible(line string) string {
	line = strings.TrimSpace(line)
	if at := secretWord.FindStringIndex(line); at != nil && at[1] < len(line) {
		return line[:at[1]] + "…"
	}
	return line
}

// quote writes a text as the original's messages do (Python's repr).
func quote(s string) string {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}
