package ini

import (
	"reflect"
	"slices"
)

// Fill sets the fields of an option struct from a section; an option that the
// section does not set is looked for in the fallback sections, then takes its
// default. dst points to a struct. The error is ValueErrors with everything
// that is wrong; the fields concerned keep their defaults.
func (s *Source) Fill(dst any, section string, fallback ...string) error {
	target := reflect.ValueOf(dst).Elem()
	options := Describe(dst)
	path := slices.Concat(s.path(section), fallback)
	s.declare(options, section, path)
	var wrong ValueErrors
	for _, o := range options {
		if err := s.fillOne(o, section, path, target.FieldByIndex(o.index)); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	wrong.Sort()
	return wrong
}

// Declare makes options known without filling anything: to Unknown, and to
// substitution, which then finds their defaults.
func (s *Source) Declare(options any, section string, fallback ...string) {
	s.declare(Describe(options), section, slices.Concat(s.path(section), fallback))
}

func (s *Source) declare(options []Option, section string, path []string) {
	for _, o := range options {
		s.declared[Name{section, o.Name}] = o
		for _, in := range path {
			for _, name := range s.names(o, in) {
				s.known[name] = true
			}
		}
	}
}

// fillOne sets one field. A wrong value leaves the default.
func (s *Source) fillOne(o Option, section string, path []string, field reflect.Value) *ValueError {
	field.SetZero()
	if o.HasDefault {
		value := Value{Text: o.Default, Pos: Pos{File: "its default"}}
		if err := s.set(o, section, []Value{value}, field); err != nil {
			panic("ini: " + err.Error())
		}
	}
	values := s.find(o, path, o.Kind == KindMulti)
	if len(values) == 0 {
		return nil
	}
	return s.set(o, section, values, field)
}

func (s *Source) set(o Option, section string, values []Value, field reflect.Value) *ValueError {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = s.expand(v.Text, section)
	}
	v, err := convert(o, texts)
	if err != nil {
		return &ValueError{
			Option: Name{section, o.Name}.String(),
			Pos:    values[len(values)-1].Pos,
			Msg:    err.Error(),
		}
	}
	if v == nil { // a blank number is an unset one
		return nil
	}
	rv := reflect.ValueOf(v)
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(rv.Convert(field.Type().Elem()))
		rv = p
	}
	field.Set(rv.Convert(field.Type()))
	return nil
}
