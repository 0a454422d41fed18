package v2

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
)

// definitionKeys are the keys of the definition of a property in the order of
// the original's model, with how their values are spelled. Any other key is
// left out.
var definitionKeys = []struct {
	name   string
	append func(b []byte, key string, v any) []byte
}{
	{"name", appendStored},
	{"type", appendStored},
	{"title", appendStored},
	{"description", appendStored},
	{"operators", appendStoredList},
	{"default", appendStored}, // Compat: whatever it is, it becomes a text (spec metadefs-v2 §4)
	{"readonly", appendTruth},
	{"minimum", appendInteger},
	{"maximum", appendInteger},
	{"enum", appendStoredList},
	{"pattern", appendStored},
	{"minLength", appendInteger},
	{"maxLength", appendInteger},
	{"confidential", appendTruth},
	{"items", appendItems},
	{"uniqueItems", appendTruth},
	{"minItems", appendInteger},
	{"maxItems", appendInteger},
	{"additionalItems", appendTruth},
}

// appendDefinition appends the definition of a property in the form in which
// it is stored and shown. Values of a wrong type, which only files that were
// loaded can have brought, and null are left out.
func appendDefinition(b []byte, doc map[string]any) []byte {
	b = append(b, '{')
	for _, key := range definitionKeys {
		if v := doc[key.name]; v != nil {
			b = key.append(b, key.name, v)
		}
	}
	return append(b, '}')
}

func appendStored(b []byte, key string, v any) []byte { return appendText(b, key, storedText(v)) }

func appendStoredList(b []byte, key string, v any) []byte {
	list, ok := v.([]any)
	if !ok {
		return b
	}
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = storedText(item)
	}
	return appendTexts(b, key, texts)
}

func appendTruth(b []byte, key string, v any) []byte {
	truth, ok := v.(bool)
	if !ok {
		return b
	}
	return appendFlag(b, key, truth)
}

// appendInteger appends a number that is integral, however it is spelled.
func appendInteger(b []byte, key string, v any) []byte {
	number, ok := v.(json.Number)
	if !ok {
		return b
	}
	if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
		return strconv.AppendInt(appendKey(b, key), n, 10)
	}
	if f, err := number.Float64(); err != nil || f < -1e20 || f > 1e20 {
		return b // integerModel lets none pass
	}
	exact, ok := new(big.Rat).SetString(number.String())
	if !ok || !exact.IsInt() {
		return b
	}
	return exact.Num().Append(appendKey(b, key), 10)
}

// appendItems appends what the items of an array are.
func appendItems(b []byte, key string, v any) []byte {
	items, ok := v.(map[string]any)
	if !ok {
		return b
	}
	b = append(appendKey(b, key), '{')
	if kind := items["type"]; kind != nil {
		b = appendStored(b, "type", kind)
	}
	b = appendStoredList(b, "enum", items["enum"])
	return append(b, '}')
}

// spellDefinition is a definition as it is stored.
func spellDefinition(v any) json.RawMessage {
	doc, _ := v.(map[string]any)
	return appendDefinition(nil, doc)
}

// spellDefinitions is an object of definitions by name as it is stored.
func spellDefinitions(docs map[string]any) json.RawMessage {
	b := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		b = append(appendKey(b, name), spellDefinition(docs[name])...)
	}
	return append(b, '}')
}

// appendStoredDefinition appends a stored definition; name replaces its own
// when it is not empty.
func appendStoredDefinition(b []byte, stored json.RawMessage, name string) []byte {
	doc := make(map[string]any)
	d := json.NewDecoder(bytes.NewReader(stored))
	d.UseNumber()
	if d.Decode(&doc) != nil || doc == nil {
		doc = make(map[string]any)
	}
	if name != "" {
		doc["name"] = name
	}
	return appendDefinition(b, doc)
}

// appendStoredDefinitions appends a stored object of definitions by name, with
// prefix before every name.
func appendStoredDefinitions(b []byte, stored json.RawMessage, prefix string) []byte {
	members, err := orderedObject(stored)
	if err != nil {
		members = nil
	}
	b = append(b, '{')
	for _, m := range members {
		b = appendStoredDefinition(appendKey(b, prefix+m.name), m.text, "")
	}
	return append(b, '}')
}
