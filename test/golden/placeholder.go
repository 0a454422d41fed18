package golden

import (
	"fmt"
	"regexp"
	"strings"
)

const uuidPattern = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

var (
	placeholder = regexp.MustCompile(`\{(?:uuid:\d+|time|time:us|request_id|host|datadir|web|number|any|var:\w+)\}`)

	// open placeholders match any text of a form; the others stand for one text each.
	open = map[string]string{
		"{time}":       `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
		"{time:us}":    `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?`,
		"{request_id}": `req-` + uuidPattern,
		"{number}":     `-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?`,
		"{any}":        `.*`,
	}
)

// Bindings are what the closed placeholders stand for in one scenario; ids are added as answers show them.
type Bindings map[string]string

// Expand puts the bound texts in. A placeholder that stands for no single text yet is an error.
func (b Bindings) Expand(text string) (string, error) {
	var missing error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		value, ok := b[p]
		if !ok {
			missing = fmt.Errorf("no answer has shown %s yet", p)
		}
		return value
	})
	return out, missing
}

// Match tells whether text has the form of the pattern, and binds the ids that it meets for the first time.
func (b Bindings) Match(pattern, text string) bool {
	places := placeholder.FindAllStringIndex(pattern, -1)
	if places == nil {
		return pattern == text
	}
	var form strings.Builder
	var fresh []string // ids that the groups of form catch
	form.WriteString(`(?s)\A`)
	end := 0
	for _, at := range places {
		form.WriteString(regexp.QuoteMeta(pattern[end:at[0]]))
		end = at[1]
		p := pattern[at[0]:at[1]]
		if value, ok := b[p]; ok {
			form.WriteString(regexp.QuoteMeta(value))
		} else if expr, ok := open[p]; ok {
			form.WriteString(expr)
		} else if strings.HasPrefix(p, "{uuid:") {
			form.WriteString("(" + uuidPattern + ")")
			fresh = append(fresh, p)
		} else {
			return false
		}
	}
	form.WriteString(regexp.QuoteMeta(pattern[end:]) + `\z`)
	re, err := regexp.Compile(form.String())
	if err != nil { // the pattern is not UTF-8
		return false
	}
	groups := re.FindStringSubmatch(text)
	return groups != nil && b.bind(fresh, groups[1:])
}

// bind keeps ids; a number is one id, and an id has one number.
func (b Bindings) bind(names, ids []string) bool {
	found := map[string]string{}
	for i, name := range names {
		if old, ok := found[name]; ok && old != ids[i] {
			return false
		}
		found[name] = ids[i]
	}
	for name, id := range found {
		for other, known := range b {
			if known == id && strings.HasPrefix(other, "{uuid:") {
				return false
			}
		}
		for other, known := range found {
			if known == id && other != name {
				return false
			}
		}
	}
	for name, id := range found {
		b[name] = id
	}
	return true
}
