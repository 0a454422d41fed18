package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Mismatch is the first difference between a recorded answer and ours.
type Mismatch struct {
	Field, Want, Got string
}

func (m *Mismatch) Error() string {
	want, got := around(m.Want, m.Got)
	return fmt.Sprintf("%s\n  want %s\n  got  %s", m.Field, want, got)
}

// around cuts two texts down to the surroundings of their first difference.
func around(want, got string) (string, string) {
	const before, after = 40, 200
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	cut := func(s string) string {
		from, to := max(0, i-before), min(len(s), i+after)
		out := strconv.Quote(s[min(from, len(s)):to])
		if from > 0 {
			out = "… " + out
		}
		if to < len(s) {
			out += " …"
		}
		return out
	}
	return cut(want), cut(got)
}

// parseJSON reads one value, with numbers as they are spelled.
func parseJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return v, nil
}

// compareJSON finds the first difference; at is the dotted path of the values, "" for the whole.
func (b Bindings) compareJSON(at string, want, got any) *Mismatch {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return b.compareObjects(at, want, got)
		}
	case []any:
		if got, ok := got.([]any); ok {
			return b.compareLists(at, want, got)
		}
	case string:
		if n, ok := got.(json.Number); ok && want == "{number}" {
			got = n.String()
		}
		if got, ok := got.(string); ok && b.Match(want, got) {
			return nil
		}
	case json.Number:
		if got, ok := got.(json.Number); ok && sameNumber(want, got) {
			return nil
		}
	default:
		if want == got {
			return nil
		}
	}
	return &Mismatch{"body " + at, show(want), show(got)}
}

func (b Bindings) compareObjects(at string, want, got map[string]any) *Mismatch {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[key]
		if !ok {
			return &Mismatch{"body " + join(at, key), show(want[key]), "nothing"}
		}
		if m := b.compareJSON(join(at, key), want[key], value); m != nil {
			return m
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			return &Mismatch{"body " + join(at, key), "nothing", show(got[key])}
		}
	}
	return nil
}

func (b Bindings) compareLists(at string, want, got []any) *Mismatch {
	if len(want) != len(got) {
		return &Mismatch{"body " + at, fmt.Sprintf("%d items: %s", len(want), show(want)), fmt.Sprintf("%d items: %s", len(got), show(got))}
	}
	if at == "tags" || strings.HasSuffix(at, ".tags") {
		want, got = sortTexts(want), sortTexts(got)
	}
	for i := range want {
		if m := b.compareJSON(join(at, strconv.Itoa(i)), want[i], got[i]); m != nil {
			return m
		}
	}
	return nil
}

// sortTexts orders a list of texts; a list of anything else stays.
func sortTexts(list []any) []any {
	texts := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return list
		}
		texts[i] = s
	}
	slices.Sort(texts)
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}

// sameNumber: integers are spelled alike; 1.0 and 1 are two things to a client in Python, 1e2 and 100.0 are not.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	isFloat := func(n json.Number) bool { return strings.ContainsAny(n.String(), ".eE") }
	x, errA := a.Float64()
	y, errB := b.Float64()
	return isFloat(a) && isFloat(b) && errA == nil && errB == nil && x == y
}

// lookup follows a dotted path through objects and lists; false when it leads nowhere.
func lookup(v any, dotted string) (any, bool) {
	for key := range strings.SplitSeq(dotted, ".") {
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return nil, false
			}
			v = in[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func show(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
