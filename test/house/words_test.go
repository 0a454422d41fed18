package house_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// The words are put together here, or this file would break its own rules.
var (
	mark        = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|not imple` + `mented`)
	nolint      = regexp.MustCompile(`^//\s*no` + `lint`)
	goodNolint  = regexp.MustCompile(`^//no` + `lint:[a-z0-9]+(,[a-z0-9]+)* // \S.{4,}`)
	machinePath = regexp.MustCompile(`(?:^|[\s"'=:(,<>` + "`" + `])/(?:wo` + `rk|ro` + `ot)/|\.\./sha` + `red\b`)
)

// answer501 is a text that clients of the original know.
var answer501 = regexp.MustCompile(`request method \S+ is not imple` + `mented`)

func checkMarks(tr *tree) []string {
	return tr.lines(isGo, func(line string) string {
		line = answer501.ReplaceAllString(line, "")
		if m := mark.FindString(line); m != "" {
			return fmt.Sprintf("%q: finish it, or write an issue", m)
		}
		return ""
	})
}

// checkPaths keeps the machine of whoever wrote a file out of it.
func checkPaths(tr *tree) []string {
	return tr.lines(isText, func(line string) string {
		if m := machinePath.FindString(line); m != "" {
			return fmt.Sprintf("%q: a path of one machine", strings.TrimSpace(m))
		}
		return ""
	})
}

func checkNolint(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if nolint.MatchString(c.Text) && !goodNolint.MatchString(c.Text) {
					out = append(out, tr.at(c.Pos(), "must read: //no"+"lint:rule // reason"))
				}
			}
		}
	}
	return out
}

// lines runs f over every line of the files that pick wants.
func (tr *tree) lines(pick func(name, text string) bool, f func(line string) string) []string {
	var out []string
	for _, name := range tr.names {
		if !pick(name, tr.text[name]) {
			continue
		}
		n := 0
		for line := range strings.Lines(tr.text[name]) {
			n++
			if c := f(line); c != "" {
				out = append(out, fmt.Sprintf("%s:%d: %s", name, n, c))
			}
		}
	}
	return out
}

func isGo(name, _ string) bool { return strings.HasSuffix(name, ".go") }

func isText(_, text string) bool {
	head := text[:min(len(text), 8000)]
	return !bytes.ContainsRune([]byte(head), 0)
}
