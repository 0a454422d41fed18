package ini

import (
	"path/filepath"
	"regexp"
	"slices"
)

var placeholder = regexp.MustCompile(`%(?:(%)|\(([^)]*)\)s)`)

// interpolate replaces %(name)s by the section's, then the global value, and
// %% by %. Any other % stays: option files in this form write date formats.
func (p *Paste) interpolate() error {
	path, err := filepath.Abs(p.File)
	if err != nil {
		path = p.File
	}
	outer := [][]PasteKey{
		slices.Clone(p.Global),
		{{Name: "here", Value: filepath.Dir(path)}, {Name: "__file__", Value: path}},
	}
	for i := range p.Global {
		key := &p.Global[i]
		in := interpolation{scopes: outer, budget: maxReferences}
		// An unknown name in [DEFAULT] may be a log format; it stays as written.
		if value := in.fill(key.Value, 0); in.missing == "" {
			key.Value = value
		}
	}
	for _, s := range p.Sections {
		scopes := slices.Concat([][]PasteKey{slices.Clone(s.Keys)}, outer)
		for i := range s.Keys {
			key := &s.Keys[i]
			in := interpolation{scopes: scopes, budget: maxReferences}
			key.Value = in.fill(key.Value, 0)
			if in.missing != "" {
				return &ParseError{
					Pos: Pos{File: p.File, Line: key.Line}, Msg: "Bad value substitution", Text: in.missing,
				}
			}
		}
	}
	return nil
}

const (
	maxDepth      = 10   // how deep values may refer to values, as in the original
	maxReferences = 1000 // in one value: a file must not grow without bound
)

// interpolation is the work on one value.
type interpolation struct {
	scopes  [][]PasteKey
	budget  int
	missing string // the first placeholder that could not be replaced
}

func (in *interpolation) fill(text string, depth int) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if m[1] != "" {
			return "%"
		}
		in.budget--
		for _, keys := range in.scopes {
			if key, ok := getKey(keys, m[2]); ok && depth < maxDepth && in.budget >= 0 {
				return in.fill(key.Value, depth+1)
			}
		}
		if in.missing == "" {
			in.missing = found
		}
		return found
	})
}
