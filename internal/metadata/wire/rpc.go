package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"glance/internal/glance"
)

// ExactHeader is set in answers of servers that honour Exact.
const ExactHeader = "X-Glance-Registry-Exact"

// Command is one command of a request.
type Command struct {
	Name   string         `json:"command"`
	Kwargs map[string]any `json:"kwargs,omitempty"`
	Exact  *Exact         `json:"exact,omitempty"`
}

// Exact is what the original's commands cannot say.
type Exact struct {
	Scope   *Scope     `json:"scope,omitempty"`   // whose eyes to look with, within what the caller may see
	Version string     `json:"version,omitempty"` // change only what still is in this version
	Tags    *[]string  `json:"tags,omitempty"`    // of image_create and image_update
	Order   []string   `json:"order,omitempty"`   // of image_create and image_update: names of properties in row order
	Deleted *bool      `json:"deleted,omitempty"` // of image_update and task_update
	Present *int       `json:"present,omitempty"` // of image_member_create: members there must be
	Metered *Metered   `json:"metered,omitempty"` // of image_update: bytes there may be at most
	After   *Image2    `json:"after,omitempty"`   // of image_get_all: instead of marker
	Where   []Where    `json:"where,omitempty"`   // of image_get_all: conditions beside filters
	Equal   []Equal    `json:"equal,omitempty"`   // of image_get_all: properties beside filters
	Now     *Timestamp `json:"now,omitempty"`     // of task_get_all: when tasks expire

	// Of what is done with a namespace: the row it must be, and the name it has.
	Row  int64         `json:"row,omitempty"`
	Name string        `json:"name,omitempty"`
	With *MetadefParts `json:"with,omitempty"` // of metadef_namespace_create: what it is made with
}

// Metered is a metadata.Account with what was found used of it.
type Metered struct {
	Owner  string `json:"owner"`
	Except string `json:"except"`
	Used   int64  `json:"used"`
}

// Scope is metadata.Scope.
type Scope struct {
	Admin   bool   `json:"admin"`
	Project string `json:"project"`
	Deleted bool   `json:"deleted"`
}

// Where is metadata.Condition.
type Where struct {
	Column string    `json:"column"`
	Op     int       `json:"op"`
	Texts  []string  `json:"texts"`
	Int    int64     `json:"int"`
	Bool   bool      `json:"bool"`
	Time   Timestamp `json:"time"`
}

// Equal is a property and its value.
type Equal struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Failure is the result of a command that failed.
type Failure struct {
	Error *Fault `json:"_error"`
}

// Fault names the exception of the original that stands for an error.
type Fault struct {
	Class string `json:"cls"`
	Text  string `json:"val"`
}

// ExceptionModule is where the exceptions of Fault are defined.
const ExceptionModule = "glance.common.exception"

// The exceptions that stand for errors.
const (
	ClassImageNotFound    = ExceptionModule + ".ImageNotFound"
	ClassTaskNotFound     = ExceptionModule + ".TaskNotFound"
	ClassNotFound         = ExceptionModule + ".NotFound"
	ClassDuplicate        = ExceptionModule + ".Duplicate"
	ClassConflict         = ExceptionModule + ".Conflict"
	ClassForbidden        = ExceptionModule + ".Forbidden"
	ClassForbiddenPublic  = ExceptionModule + ".ForbiddenPublicImage"
	ClassNotAuthenticated = ExceptionModule + ".NotAuthenticated"
	ClassInvalid          = ExceptionModule + ".Invalid"
	ClassLimitExceeded    = ExceptionModule + ".LimitExceeded"
	ClassRPCError         = ExceptionModule + ".RPCError"

	ClassMetadefForbidden = ExceptionModule + ".MetadefForbidden"
)

// kinds are the exceptions by what they mean.
var kinds = map[string]glance.Kind{
	ClassImageNotFound: glance.NotFound, ClassTaskNotFound: glance.NotFound, ClassNotFound: glance.NotFound,
	ClassDuplicate: glance.Conflict, ClassConflict: glance.Conflict, ClassForbidden: glance.Forbidden,
	ClassForbiddenPublic: glance.Forbidden, ClassNotAuthenticated: glance.Unauthenticated, ClassInvalid: glance.Invalid,
	ClassLimitExceeded: glance.TooLarge,
}

// Kind says what an exception means; Internal for unknown ones.
func (f *Fault) Kind() glance.Kind {
	if k, ok := kinds[f.Class]; ok {
		return k
	}
	return metadefKind(f.Class)
}

// Timestamp is a time as version 2 writes it; the zero one is null.
type Timestamp struct{ time.Time }

const isoLayout = "2006-01-02T15:04:05.999999"

// MarshalJSON writes {"_type": "datetime", "_value": …}.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]string{"_type": "datetime", "_value": t.UTC().Format(isoLayout)})
}

// UnmarshalJSON reads that, a plain text, or null.
func (t *Timestamp) UnmarshalJSON(text []byte) error {
	v, err := decode(text)
	if err != nil {
		return err
	}
	*t, err = timestampOf(v)
	return err
}

// timestampOf reads a time out of a decoded value.
func timestampOf(v any) (Timestamp, error) {
	if object, ok := v.(map[string]any); ok && object["_type"] == "datetime" {
		v = object["_value"]
	}
	switch v := v.(type) {
	case nil:
		return Timestamp{}, nil
	case string:
		for _, layout := range []string{isoLayout, time.RFC3339Nano, "2006-01-02 15:04:05.999999", "2006-01-02"} {
			if at, err := time.Parse(layout, v); err == nil {
				return Timestamp{at.UTC()}, nil
			}
		}
	}
	return Timestamp{}, fmt.Errorf("%v is no time", v)
}

// decode reads JSON with numbers as they stand.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
