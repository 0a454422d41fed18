package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"

	"glance/internal/glance"
)

// Limits of a JSON request body.
const (
	// MaxJSON is its size in bytes. The largest sensible body is a metadata
	// namespace with its objects, some hundred KiB.
	MaxJSON = 1 << 20
	// MaxJSONDepth is how deep arrays and objects may lie in each other. The
	// deepest sensible body, a namespace with schemas, needs about ten.
	MaxJSONDepth = 64
)

// Errors of request bodies (spec images-v2 §1.3). They are only read.
var (
	ErrBodyUnexpected = &glance.Error{Kind: glance.Invalid, Message: "A body is not expected with this request."}
	errBodyMissing    = &glance.Error{Kind: glance.Invalid, Message: "Body expected in request."}
	errBodyMalformed  = &glance.Error{Kind: glance.Invalid, Message: "Malformed JSON in request body."}
	errBodyType       = &glance.Error{Kind: glance.Invalid, Message: "Unexpected body type. Expected list/dict."}
)

// HasBody reports whether a request has a body by the original's rule: a
// length above 0, or POST, PUT or PATCH without a known length (chunked).
func HasBody(r *http.Request) bool {
	return r.ContentLength > 0 || r.ContentLength < 0 && slices.Contains(bodyMethods, r.Method)
}

var bodyMethods = []string{"POST", "PUT", "PATCH"}

// JSON reads and decodes the body of a request, which must be an object or an
// array: map[string]any or []any, with numbers as json.Number. Of keys that
// are there twice the last one counts. The Content-Type is not looked at.
//
// Errors are of kind Invalid, with the original's texts, or TooLarge above
// MaxJSON; no more than that is ever held in memory.
func JSON(r *http.Request) (any, error) {
	if !HasBody(r) {
		return nil, errBodyMissing
	}
	if r.ContentLength > MaxJSON {
		return nil, tooLarge()
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, MaxJSON+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxJSON:
		return nil, tooLarge()
	case !utf8.Valid(text) || !depthWithin(text, MaxJSONDepth):
		return nil, errBodyMalformed
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errBodyMalformed
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errBodyMalformed
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, nil
	}
	return nil, errBodyType
}

// JSONObject is JSON for calls that take an object only.
func JSONObject(r *http.Request) (map[string]any, error) {
	v, err := JSON(r)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errBodyType
	}
	return object, nil
}

// tooLarge closes the connection, because nobody wants to read the rest.
func tooLarge() error {
	return WithHeader(&glance.Error{Kind: glance.TooLarge}, "Connection", "close")
}

// depthWithin reports whether brackets outside strings lie at most limit deep.
// Text that is no JSON may pass; the decoder refuses it.
func depthWithin(text []byte, limit int) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}
