// Package jsonschema validates decoded JSON against schemas of draft 2020-12
// (spec schemas-v2 §7). It hides the library that does it: the rest of the
// project hands in a schema as decoded JSON and gets one line of text back.
//
// Patterns are unanchored searches in the syntax of package regexp.
package jsonschema
