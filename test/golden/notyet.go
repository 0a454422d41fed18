package golden

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NotYet holds the scenarios that do not pass yet, each with a word for what is missing.
type NotYet map[string]string

// ParseNotYet reads the lines "scenario reason". The list must be sorted, and lines that begin with # are comments.
func ParseNotYet(text string) (NotYet, error) {
	list := NotYet{}
	last := ""
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q is not: scenario reason", strings.TrimSpace(line))
		}
		if fields[0] <= last {
			return nil, fmt.Errorf("%s stands after %s", fields[0], last)
		}
		last = fields[0]
		list[fields[0]] = fields[1]
	}
	return list, nil
}

const notYetHead = `# Scenarios that do not pass yet, with what is missing. A listed one that passes fails the test, so the list only shrinks.
# go test ./test/golden -update-notyet
`

// String is what ParseNotYet reads.
func (n NotYet) String() string {
	var b strings.Builder
	b.WriteString(notYetHead)
	for _, name := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&b, "%s %s\n", name, n[name])
	}
	return b.String()
}

// Update puts results in: what passes leaves the list, what fails is in it, with a word for the step that fails.
func (n NotYet) Update(results map[string]error) {
	for name, err := range results {
		if err == nil {
			delete(n, name)
		} else {
			n[name] = reason(name, err)
		}
	}
}

// reasons are words for what an error is about, by a sign in its text; the first that fits counts.
var reasons = []struct{ sign, word string }{
	{ErrNotClean.Error(), "clean-up"},
	{"/metadefs", "metadefs"},
	{"/cache", "cache"},
	{"/queued_images", "cache"},
	{"/info/stores", "multistore"},
	{"-Store-Ids", "multistore"},
	{"/import", "import"},
	{"/tasks", "tasks"},
	{"/stage", "staging"},
	{"/locations", "locations"},
	{"/file", "data"},
	{"PATCH ", "update"},
}

func reason(name string, err error) string {
	for _, r := range reasons {
		if strings.Contains(err.Error(), r.sign) {
			return r.word
		}
	}
	word, _, _ := strings.Cut(name, "-") // the name begins with its subject
	return word
}
