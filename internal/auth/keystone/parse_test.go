package keystone_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"glance/internal/auth/keystone"
)

func FuzzParseToken(f *testing.F) {
	body, err := json.Marshal(object{"token": with(describe("p", "admin"), "application_credential", object{"access_rules": []object{{"path": "/**/{a}*"}}})})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(body), "", "null", "[]", `{"token": null}`, `{"token": {"expires_at": "2026-01-01T00:00:00Z", "user": {"id": "u"}, "roles": null}}`,
		`{"token": {"expires_at": "2026-01-01T00:00:00Z", "user": {"id": "u"}, "catalog": [{"endpoints": [{}]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := keystone.ParseToken(body)
		if err != nil && err.Error() != "its answer makes no sense" {
			t.Errorf("an error tells what was said: %v", err)
		}
		entry := fmt.Appendf(nil, "glance token 1\n%d\n%s", time.Now().Unix(), body)
		if keystone.ParseEntry(entry) != (err == nil) {
			t.Error("an entry is read in another way than an answer")
		}
	})
}

func FuzzV3Link(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"versions": {"values": [{"id": "v3.8", "status": "stable", "links": [{"rel": "self", "href": "http://x/v3/"}]}]}}`,
		`{"versions": {"values": [{"id": "v3", "links": [{"rel": "self", "href": "//evil/%zz"}]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		link := keystone.V3Link("http://id:5000/identity", body)
		u, err := url.Parse(link)
		if err != nil || u.Host != "id:5000" || u.Scheme != "http" || !strings.HasPrefix(link, "http://id:5000/identity") {
			t.Errorf("leads to %s: %v", link, err)
		}
	})
}

func FuzzPathPattern(f *testing.F) {
	f.Add("/v2/images/{id}/*/**", "/v2/images/a/b/c/d")
	f.Add("(?i)[", "(?i)[")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		got := keystone.PathMatches(pattern, path)
		ascii := strings.IndexFunc(pattern+path, func(c rune) bool { return c >= 0x80 }) < 0 // paths are escaped
		if ascii && !strings.ContainsAny(pattern, "{}*") && got != (pattern == path) {
			t.Errorf("%q with %q: %v", path, pattern, got)
		}
	})
}
