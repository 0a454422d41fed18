package ini

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MultiStr is an option that may be given several times.
type MultiStr []string

// Pair is one item of a Dict.
type Pair struct{ Key, Value string }

// Dict is an option of the form k:v,k2:v2; the order is kept.
type Dict []Pair

// Get returns the value of a key.
func (d Dict) Get(key string) (string, bool) {
	for _, p := range d {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// Kind is the type of an option in words of the sample files.
type Kind string

// The kinds of options.
const (
	KindBool    Kind = "boolean value"
	KindInt     Kind = "integer value"
	KindFloat   Kind = "floating point value"
	KindString  Kind = "string value"
	KindList    Kind = "list value"
	KindBounded Kind = "bounded list value"
	KindDict    Kind = "dict value"
	KindMulti   Kind = "multi valued"
)

// Option is one field of an option struct as its tags describe it.
type Option struct {
	Name       string
	Kind       Kind
	Default    string
	HasDefault bool
	Min, Max   string // decimal, empty without limit
	Choices    []string
	Fold       bool   // choices in any case
	Deprecated []Name // Section empty: that of the option
	Secret     bool
	Accept     bool // read and checked, without effect
	CLI        []string
	Help       string

	index []int
	typ   reflect.Type
}

// Value reads the option's field in the struct it was described from, or a
// pointer to it; nil is an unset pointer.
func (o Option) Value(v any) any {
	rv := reflect.Indirect(reflect.ValueOf(v)).FieldByIndex(o.index)
	if rv.Kind() != reflect.Pointer {
		return rv.Interface()
	}
	if rv.IsNil() {
		return nil
	}
	return rv.Elem().Interface()
}

// Describe lists the options of a struct, or of a pointer to one, in order of
// their fields. It panics when a tag cannot be meant.
func Describe(v any) []Option {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return describe(t, nil)
}

func describe(t reflect.Type, prefix []int) []Option {
	var list []Option
	for i := range t.NumField() {
		field := t.Field(i)
		index := append(slices.Clone(prefix), i)
		name, tagged := field.Tag.Lookup("ini")
		switch {
		case field.Anonymous && !tagged && field.Type.Kind() == reflect.Struct:
			list = append(list, describe(field.Type, index)...)
		case tagged:
			list = append(list, newOption(name, field, index))
		}
	}
	return list
}

func newOption(name string, field reflect.StructField, index []int) Option {
	tag := field.Tag
	o := Option{
		Name:    name,
		Min:     tag.Get("min"),
		Max:     tag.Get("max"),
		Choices: commaList(tag.Get("choices")),
		Fold:    tag.Get("fold") == "true",
		Secret:  tag.Get("secret") == "true",
		Accept:  tag.Get("accept") == "true",
		CLI:     commaList(tag.Get("cli")),
		Help:    tag.Get("help"),
		index:   index,
		typ:     field.Type,
	}
	o.Default, o.HasDefault = tag.Lookup("default")
	for _, old := range commaList(tag.Get("deprecated")) {
		section, key, ok := strings.Cut(old, "/")
		if !ok {
			section, key = "", old
		}
		o.Deprecated = append(o.Deprecated, Name{section, key})
	}
	o.Kind = kindOf(field.Type, tag.Get("bounded") == "true")
	if o.Kind == "" || name == "" || !field.IsExported() {
		panic(fmt.Sprintf("ini: field %s of type %s cannot be an option", field.Name, field.Type))
	}
	for _, limit := range []string{o.Min, o.Max} {
		if _, err := strconv.ParseFloat(limit, 64); limit != "" && err != nil {
			panic(fmt.Sprintf("ini: field %s has the limit %q", field.Name, limit))
		}
	}
	return o
}

func commaList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func kindOf(t reflect.Type, bounded bool) Kind {
	switch t {
	case reflect.TypeFor[MultiStr]():
		return KindMulti
	case reflect.TypeFor[Dict]():
		return KindDict
	case reflect.TypeFor[[]string](), reflect.TypeFor[[]int]():
		if bounded {
			return KindBounded
		}
		return KindList
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return KindBool
	case reflect.Int, reflect.Int64:
		return KindInt
	case reflect.Float64:
		return KindFloat
	case reflect.String:
		return KindString
	default:
		return ""
	}
}
