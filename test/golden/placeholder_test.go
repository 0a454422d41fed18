package golden_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"glance/test/golden"
)

const (
	id1 = "11111111-1111-4111-8111-111111111111"
	id2 = "22222222-2222-4222-8222-222222222222"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		name, pattern, text string
		want                bool
	}{
		{"equal text", "a.b", "a.b", true},
		{"dots are no wildcards", "a.b", "axb", false},
		{"braces that are no placeholder", "/v2/{schema}", "/v2/{schema}", true},
		{"nothing may follow", "{time}", "2026-01-02T03:04:05Z!", false},
		{"nothing may stand before", "{time}", "!2026-01-02T03:04:05Z", false},
		{"a newline may not follow", "{time}", "2026-01-02T03:04:05Z\n", false},
		{"time", "{time}", "2026-01-02T03:04:05Z", true},
		{"time without zone", "{time}", "2026-01-02T03:04:05", false},
		{"time with fraction", "{time}", "2026-01-02T03:04:05.000001Z", false},
		{"time:us without fraction", "{time:us}", "2026-01-02T03:04:05", true},
		{"time:us with fraction", "{time:us}", "2026-01-02T03:04:05.000001", true},
		{"time:us with zone", "{time:us}", "2026-01-02T03:04:05Z", false},
		{"time:us in milliseconds", "{time:us}", "2026-01-02T03:04:05.001", false},
		{"request id", "{request_id}", "req-" + id1, true},
		{"request id without req", "{request_id}", id1, false},
		{"host", "http://{host}/v2", "http://127.0.0.1:9292/v2", true},
		{"other host", "http://{host}/v2", "http://127.0.0.1:9293/v2", false},
		{"host in a regular expression's words", "{host}", "127x0.0.1:9292", false},
		{"data folder", "file://{datadir}/images/{uuid:1}", "file:///tmp/w/images/" + id1, true},
		{"known id", "{uuid:1}", id1, true},
		{"known number, other id", "{uuid:1}", id2, false},
		{"new id", "{uuid:2}", id2, true},
		{"new id that is known already", "{uuid:2}", id1, false},
		{"one number, two ids", "{uuid:2} {uuid:2}", "33333333-3333-4333-8333-333333333333 " + id2, false},
		{"two numbers, one id", "{uuid:2} {uuid:3}", id2 + " " + id2, false},
		{"id in capitals", "{uuid:2}", strings.ToUpper("aaaaaaaa-1111-4111-8111-111111111111"), false},
		{"no id", "{uuid:2}", "nonsense", false},
		{"any over lines", "a{any}z", "a\nb\nz", true},
		{"any needs its surroundings", "a{any}z", "a\nb\n", false},
		{"number", "{number}", "-1.5e+10", true},
		{"not a number", "{number}", "1x", false},
		{"unbound variable", "{var:t}", "x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bindings()
			if got := b.Match(tt.pattern, tt.text); got != tt.want {
				t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.text, got)
			}
			if !tt.want && len(b) != len(bindings()) {
				t.Errorf("a failed match has bound something: %v", b)
			}
		})
	}
}

func bindings() golden.Bindings {
	return golden.Bindings{"{host}": "127.0.0.1:9292", "{datadir}": "/tmp/w", "{web}": "http://127.0.0.1:80", "{uuid:1}": id1}
}

func TestMatchRemembers(t *testing.T) {
	b := bindings()
	if !b.Match("/v2/images/{uuid:2}", "/v2/images/"+id2) {
		t.Fatal("does not match")
	}
	if got, err := b.Expand("/v2/images/{uuid:2}/file"); err != nil || got != "/v2/images/"+id2+"/file" {
		t.Errorf("Expand = %q, %v", got, err)
	}
	if b.Match("{uuid:2}", id1) {
		t.Error("the number stands for another id now")
	}
	if _, err := b.Expand("/v2/images/{uuid:7}"); err == nil || !strings.Contains(err.Error(), "{uuid:7}") {
		t.Errorf("Expand of an unknown id: %v", err)
	}
}

// FuzzMatch: what Expand makes of a pattern matches the pattern, and nothing panics.
func FuzzMatch(f *testing.F) {
	f.Add("http://{host}/v2/images/{uuid:1}", "x")
	f.Add("{uuid:2}{uuid:3}", id1+id2)
	f.Add("a{any}{time}(", "a\xff2026-01-02T03:04:05Z(")
	f.Add("{uuid:{uuid:1}}", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		b := bindings()
		b.Match(pattern, text)
		if expanded, err := b.Expand(pattern); err == nil && utf8.ValidString(pattern) && !b.Match(pattern, expanded) {
			t.Errorf("pattern %q does not match its expansion %q", pattern, expanded)
		}
	})
}
