package texttable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wrap breaks text into lines of at most width characters as textwrap.wrap does:
// at blanks, behind the hyphens of compound words, and within words that are
// longer than a line. All lines but the first begin with indent, which is
// shorter than width. Blanks that follow each other count as one; dashes (--)
// are no place to break.
func Wrap(text string, width int, indent string) []string {
	var chunks, lines []string
	for i, word := range strings.Fields(text) {
		if i > 0 {
			chunks = append(chunks, " ")
		}
		chunks = append(chunks, pieces(word)...)
	}
	prefix := ""
	for len(chunks) > 0 {
		room := width - utf8.RuneCountInString(prefix)
		if chunks[0] == " " { // never the last one
			chunks = chunks[1:]
		}
		line := ""
		for len(chunks) > 0 && utf8.RuneCountInString(line+chunks[0]) <= room {
			line, chunks = line+chunks[0], chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > room {
			head := cut(chunks[0], room-utf8.RuneCountInString(line))
			line, chunks[0] = line+head, chunks[0][len(head):]
		}
		lines = append(lines, prefix+strings.TrimSuffix(line, " "))
		prefix = indent
	}
	return lines
}

// pieces divides a word behind its hyphens: before such a one stand two letters,
// or a letter with a hyphen in between, and the same behind it.
func pieces(word string) []string {
	var out []string
	r := []rune(word)
	letter := func(i int) bool { return i >= 0 && i < len(r) && (unicode.IsLetter(r[i]) || r[i] == '_') }
	hyphen := func(i int) bool { return i >= 0 && i < len(r) && r[i] == '-' }
	from := 0
	for i := range r {
		if hyphen(i) &&
			letter(i-1) && (letter(i-2) || hyphen(i-2) && letter(i-3)) &&
			letter(i+1) && (letter(i+2) || hyphen(i+2) && letter(i+3)) {
			out, from = append(out, string(r[from:i+1])), i+1
		}
	}
	return append(out, string(r[from:]))
}

// cut is as much of a long word as there is room for, up to a hyphen if there is
// one.
func cut(word string, room int) string {
	head := string([]rune(word)[:room])
	if i := strings.LastIndexByte(head, '-'); i > 0 && strings.Trim(head[:i], "-") != "" {
		return head[:i+1]
	}
	return head
}
