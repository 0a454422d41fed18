package sqldb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// pythonJSON spells JSON as the original does: ", " and ": " between values
// and nothing but ASCII (spec database §3).
//
// Compat: old releases and operators' scripts compare such columns as texts.
func pythonJSON(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	inText, escaped := false, false
	for _, r := range string(compact) {
		switch {
		case !inText && (r == ' ' || r == '\n' || r == '\t' || r == '\r'):
			continue
		case !inText && (r == ',' || r == ':'):
			out = append(out, byte(r), ' ')
			continue
		case r == '"' && !escaped:
			inText = !inText
		}
		escaped = inText && r == '\\' && !escaped
		out = appendASCII(out, r)
	}
	return out
}

func appendASCII(out []byte, r rune) []byte {
	switch {
	case r < 0x7f:
		return append(out, byte(r))
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// encodeObject gives the text of a JSON object; nil is {}.
func encodeObject(object map[string]any) (string, error) {
	if len(object) == 0 {
		return "{}", nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		return "", err
	}
	return string(pythonJSON(b.Bytes())), nil
}

// decodeObject reads the text of a JSON object with numbers as they are
// spelled; null and nothing give an empty one.
func decodeObject(s string) (map[string]any, error) {
	object := map[string]any{}
	if s == "" || s == "{}" || s == "null" {
		return object, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	err := d.Decode(&object)
	return object, err
}

// encodeRaw gives the column value of a JSON text; none is null.
func encodeRaw(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return string(pythonJSON(raw))
}
