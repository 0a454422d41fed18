package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/glance"
)

const (
	missing   = "Body expected in request."
	malformed = "Malformed JSON in request body."
	wrongType = "Unexpected body type. Expected list/dict."
)

// Spec images-v2 §1.3, recordings routing-json-bodies*.
func TestJSON(t *testing.T) {
	tests := []struct {
		name, body string
		want       any
		message    string
	}{
		{"object", `{"a": [1, "x", null, true]}`, map[string]any{"a": []any{json.Number("1"), "x", nil, true}}, ""},
		{"array", ` [] `, []any{}, ""},
		{"big numbers", `{"n": 123456789012345678901234567890, "f": 1.50}`, map[string]any{"n": json.Number("123456789012345678901234567890"), "f": json.Number("1.50")}, ""},
		{"key twice", `{"a": 1, "a": 2}`, map[string]any{"a": json.Number("2")}, ""},
		{"brackets in strings", `["` + strings.Repeat("[{\\\"", 200) + `"]`, []any{strings.Repeat(`[{"`, 200)}, ""},
		{"deep enough", strings.Repeat("[", 64) + strings.Repeat("]", 64), deep(64), ""},
		{"empty", "", nil, missing},
		{"open", "{", nil, malformed},
		{"closed", "]", nil, malformed},
		{"word", "nonsense", nil, malformed},
		{"two values", `{} {}`, nil, malformed},
		{"trailing text", `{"name": "x"} trailing`, nil, malformed},
		{"trailing bracket", `{}}`, nil, malformed},
		{"not UTF-8", "{\"a\": \"\xe9\"}", nil, malformed},
		{"mark", "\ufeff{}", nil, malformed},
		{"blank", " ", nil, malformed},
		{"too deep", strings.Repeat("[", 65) + strings.Repeat("]", 65), nil, malformed},
		{"far too deep", strings.Repeat("[", 500000), nil, malformed},
		{"number", "5", nil, wrongType},
		{"string", `"text"`, nil, wrongType},
		{"bool", "true", nil, wrongType},
		{"null", "null", nil, wrongType},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := api.JSON(httptest.NewRequest("POST", "/", strings.NewReader(tt.body)))
			if tt.message == "" {
				if err != nil || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("%v, %v; want %v", got, err, tt.want)
				}
				return
			}
			var known *glance.Error
			if !errors.As(err, &known) || known.Kind != glance.Invalid || known.Message != tt.message {
				t.Errorf("error %v, want %s", err, tt.message)
			}
		})
	}
}

func deep(n int) any {
	v := any([]any{})
	for range n - 1 {
		v = []any{v}
	}
	return v
}

func TestJSONObject(t *testing.T) {
	if _, err := api.JSONObject(httptest.NewRequest("POST", "/", strings.NewReader("[]"))); !errors.Is(err, glance.Invalid) {
		t.Errorf("array: %v, want invalid", err)
	}
	got, err := api.JSONObject(httptest.NewRequest("POST", "/", strings.NewReader(`{"a": "b"}`)))
	if err != nil || got["a"] != "b" {
		t.Errorf("object: %v, %v", got, err)
	}
}

// counted counts what is read of an endless body.
type counted struct{ n int }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	c.n += len(p)
	return len(p), nil
}

func TestJSONLimit(t *testing.T) {
	exact := `["` + strings.Repeat("x", api.MaxJSON-4) + `"]`
	if _, err := api.JSON(httptest.NewRequest("POST", "/", strings.NewReader(exact))); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	if _, err := api.JSON(httptest.NewRequest("POST", "/", strings.NewReader(exact+" "))); !errors.Is(err, glance.TooLarge) {
		t.Errorf("one more: %v, want too large", err)
	}
	endless := &counted{}
	_, err := api.JSON(httptest.NewRequest("POST", "/", io.NopCloser(endless)))
	if !errors.Is(err, glance.TooLarge) || endless.n > api.MaxJSON+1 {
		t.Errorf("endless: %v after %d bytes", err, endless.n)
	}
	w := ask(failing(err), "POST", "/")
	if w.Code != 413 || w.Header().Get("Connection") != "close" {
		t.Errorf("answer %d, Connection %q", w.Code, w.Header().Get("Connection"))
	}
}

func TestHasBody(t *testing.T) {
	tests := []struct {
		method string
		length int64
		want   bool
	}{
		{"GET", 0, false},
		{"GET", 1, true},
		{"GET", -1, false},
		{"DELETE", -1, false},
		{"DELETE", 2, true},
		{"POST", -1, true},
		{"PUT", -1, true},
		{"PATCH", -1, true},
		{"POST", 0, false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.ContentLength = tt.length
		if got := api.HasBody(r); got != tt.want {
			t.Errorf("%s with length %d: %v, want %v", tt.method, tt.length, got, tt.want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a": [1, {"b": null}]}`, "[", `"\u0000`, "{}{}", "[[[[]]]]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := api.JSON(httptest.NewRequest("POST", "/", strings.NewReader(text)))
		if err == nil {
			if _, err := json.Marshal(v); err != nil {
				t.Fatalf("%q gives what cannot be written: %v", text, err)
			}
		} else if glance.KindOf(err) != glance.Invalid && glance.KindOf(err) != glance.TooLarge {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
