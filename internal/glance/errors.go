package glance

import (
	"errors"
	"fmt"
	"strings"
)

// Kind classifies an error for whoever must answer it. Kinds are errors
// themselves, so errors.Is(err, NotFound) works through any wrapping. Which
// status code a kind becomes is known to the doors alone.
type Kind int

// The kinds of errors.
const (
	Internal            Kind = iota // everything nobody expected; its text never reaches the user
	Invalid                         // the request makes no sense as it stands
	Unauthenticated                 // nobody knows who is asking
	Forbidden                       // known, but not allowed
	NotFound                        // does not exist, or not for this caller
	Conflict                        // the present state does not allow it
	Gone                            // was there when the call began
	TooLarge                        // a quota or a size limit is exceeded
	UnsupportedMedia                // a body of a type or format that is not taken
	RangeNotSatisfiable             // a range outside the data
	HeaderTooLarge                  // a request header beyond its limit
	Unavailable                     // a part that is needed is down; trying again may help
	Unsupported                     // what this store or server cannot do at all
	BadGateway                      // another node answered nonsense
	GatewayTimeout                  // another node did not answer
)

var kindNames = [...]string{
	"internal error", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "gone", "too large",
	"unsupported media type", "range not satisfiable", "header too large", "unavailable", "unsupported",
	"bad gateway", "gateway timeout",
}

// Error names the kind in plain words.
func (k Kind) Error() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Error is an error whose Kind decides the answer. Message and Detail may be
// read by the user and hold no secrets; Cause goes to the log.
type Error struct {
	Kind    Kind
	Message string // the explanation; empty stands for the kind's default text
	Detail  string // the second slot of an error body (spec images-v2 §1.4)
	Cause   error
}

// Errorf makes an Error of kind k with a message for the user. A %w in format
// keeps the wrapped error as the cause.
func Errorf(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Detailf makes an Error of kind k whose text stands in the detail slot, with
// the kind's default explanation before it.
func Detailf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// Because makes an Error of kind k with a message for the user and the cause
// kept for the log only.
func Because(k Kind, cause error, message string) *Error {
	return &Error{Kind: k, Message: message, Cause: cause}
}

// Error gives everything known, for logs.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = e.Detail
	}
	if text == "" {
		text = e.Kind.Error()
	}
	if e.Cause != nil {
		if cause := e.Cause.Error(); cause != text {
			return strings.TrimSuffix(text, ".") + ": " + cause
		}
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// KindOf gives the kind of the outermost Error in err's chain, Internal when
// there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}
