package replicate_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/replicate"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"host:9292":                    "http://host:9292",
		"-a:1":                         "http://-a:1",
		"glance.example.org:80":        "http://glance.example.org:80",
		"127.0.0.1:0":                  "http://127.0.0.1:0",
		"[::1]:9":                      "http://[::1]:9",
		"[fe80::a:b:c]:9876":           "http://[fe80::a:b:c]:9876",
		"[x]:1":                        "http://x:1",
		"https://glance.example.org/":  "https://glance.example.org",
		"http://host:8080/image":       "http://host:8080/image",
		"https://[::1]:443/some/path/": "https://[::1]:443/some/path",
	} {
		if got, err := replicate.ParseAddress(text); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                         `Port "None" is not valid. `,
		"host":                     `Port "None" is not valid. `,
		"::1":                      `Port "None" is not valid. `,
		"[::1]":                    `Port "None" is not valid. `,
		"host:":                    `Host and port "host:" is not valid. `,
		"a:b":                      `Host and port "a:b" is not valid. `,
		"[::1:9":                   `Host and port "[::1:9" is not valid. `,
		"host:70000":               `Port "70000" is not valid. `,
		"host:-1":                  `Port "-1" is not valid. `,
		":1":                       `Host "" is not valid. `,
		"foo bar:1":                `Host "foo bar" is not valid. `,
		"a..b:1":                   `Host "a..b" is not valid. `,
		"1.2.3:4":                  `Host "1.2.3" is not valid. `,
		"ftp://host:1":             `Port "None" is not valid. `,
		"https://":                 "The URL of a server is ",
		"https://host/?a=b":        "The URL of a server is ",
		"https://user:secret@host": "The URL of a server holds no user and password.",
	} {
		got, err := replicate.ParseAddress(text)
		if !errors.Is(err, glance.Invalid) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, text := range []string{"host:1", "[::1]:9", "[fe80::1%eth0]:9", "https://host/x", "a..b:1", "[]]:", ":"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := replicate.ParseAddress(text)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.HasSuffix(got, "/") {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	})
}
