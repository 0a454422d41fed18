package texttable_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"glance/internal/texttable"
)

// The tables and lines are what PrettyTable 3.6 and textwrap of Python 3.11 make.

func TestTable(t *testing.T) {
	tests := []struct {
		table texttable.Table
		want  string
	}{
		{
			texttable.Table{Columns: []texttable.Column{{Title: "ID"}, {Title: "Size", Align: texttable.Right}}, Rows: [][]string{{"abc", "1"}, {"abcd", "12345"}, {"a", ""}}},
			"+------+-------+\n|  ID  |  Size |\n+------+-------+\n| abc  |     1 |\n| abcd | 12345 |\n|  a   |       |\n+------+-------+",
		},
		{
			texttable.Table{Columns: []texttable.Column{{Title: "Results", Align: texttable.Left}}, Rows: [][]string{{"Überlänge: 5\nb"}, {"c"}}, Rules: true},
			"+--------------+\n| Results      |\n+--------------+\n| Überlänge: 5 |\n| b            |\n+--------------+\n| c            |\n+--------------+",
		},
		{
			texttable.Table{Columns: []texttable.Column{{Title: "abcde"}, {Title: "x"}}, Rows: [][]string{{"ab", "1\n2"}}},
			"+-------+---+\n| abcde | x |\n+-------+---+\n|   ab  | 1 |\n|       | 2 |\n+-------+---+",
		},
	}
	for _, tt := range tests {
		if got := tt.table.String(); got != tt.want {
			t.Errorf("got\n%s\nwant\n%s", got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, nil},
		{"one two three", 7, []string{"one two", "  three"}},
		{"a well-known two-step e-mail", 9, []string{"a well-", "  known", "  two-", "  step", "  e-mail"}},
		{"see https://example.org/path-to-it now", 12, []string{"see https://", "  example.or", "  g/path-to-", "  it now"}},
		{"0123456789abcdef", 6, []string{"012345", "  6789", "  abcd", "  ef"}},
		{"x 0123456789-abcdef", 8, []string{"x 012345", "  6789-", "  abcdef"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, texttable.Wrap(tt.text, tt.width, "  ")); diff != "" {
			t.Errorf("%q: -want +got\n%s", tt.text, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("a well-known e-mail at https://example.org/path-to-it", 9)
	f.Add("--- -a-b- ä-ö-ü", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = 3 + (width&0xff)%80
		text = strings.ToValidUTF8(text[:min(len(text), 1000)], "") // a long word takes time with the square of its length
		var words string
		for _, line := range texttable.Wrap(text, width, "  ") {
			if utf8.RuneCountInString(line) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
			words += line
		}
		if got, want := strings.Join(strings.Fields(words), ""), strings.Join(strings.Fields(text), ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
