package importflow_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"glance/internal/importflow"
)

// lookup knows the names example.com and localhost, and wants their last dot.
func lookup(_ context.Context, host string) ([]netip.Addr, error) {
	switch host {
	case "example.com.", "localhost.":
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	return nil, errors.New("no such host")
}

func defaults() importflow.Filter {
	return importflow.Filter{AllowedSchemes: []string{"http", "https"}, AllowedPorts: []int{80, 443}, Lookup: lookup}
}

func TestFilter(t *testing.T) {
	hosts := defaults()
	hosts.AllowedHosts, hosts.AllowedPorts = []string{"example.com", "10.0.0.1", "::1"}, nil
	not := defaults()
	not.DisallowedHosts = []string{"localhost", "10.0.0.1", "::1"}
	not.AllowedPorts, not.DisallowedPorts = nil, []int{81}
	not.AllowedSchemes, not.DisallowedSchemes = nil, []string{"ftp"}
	both := defaults()
	both.AllowedHosts, both.DisallowedHosts = []string{"example.com"}, []string{"example.com"}
	tests := []struct {
		filter importflow.Filter
		uri    string
		want   bool
	}{
		{defaults(), "", false},
		{defaults(), "nonsense", false},
		{defaults(), "//example.com/x", false},
		{defaults(), "http:///x", false},
		{defaults(), "http://:80/x", false},
		{defaults(), "http:example.com", false},
		{defaults(), "file:///etc/passwd", false},
		{defaults(), "ftp://example.com/", false},
		{defaults(), "http://example.com/x", true},
		{defaults(), "HTTP://EXAMPLE.com/x", true},
		{defaults(), "https://example.com:443/x", true},
		{defaults(), "http://example.com:443/x", true},
		{defaults(), "http://example.com:8080/x", false},
		{defaults(), "http://example.com:x/x", false},
		{defaults(), "http://example.com:99999/x", false},
		{defaults(), "http://example.com:/x", true},
		{defaults(), "http://nowhere.example/x", false},
		{defaults(), "http://10.0.0.1/x", true},
		{defaults(), "http://127.1/x", false},
		{defaults(), "http://2130706433/x", false},
		{defaults(), "http://017700000001/x", false},
		{defaults(), "http://127.0.0.01/x", false},
		{defaults(), "http://1.2.3.4.5/x", false},
		{defaults(), "http://[::1]/x", true},
		{defaults(), "http://[::1]:81/x", false},
		{defaults(), "http://[fe80::1%25eth0]/x", false},
		{defaults(), "http://[::1/x", false},
		{hosts, "http://example.com:8080/x", true},
		{hosts, "http://Example.COM/x", true},
		{hosts, "http://example.com./x", false},
		{hosts, "http://localhost/x", false},
		{hosts, "http://10.0.0.1/x", true},
		{hosts, "http://10.0.0.2/x", false},
		{hosts, "http://[0:0:0:0:0:0:0:1]/x", true},
		{not, "http://example.com/x", true},
		{not, "http://localhost/x", false},
		{not, "http://10.0.0.1/x", false},
		{not, "http://[0::1]/x", false},
		{not, "http://example.com:81/x", false},
		{not, "http://example.com:82/x", true},
		{not, "ftp://example.com/x", false},
		{not, "gopher://example.com/x", true},
		{both, "http://example.com/x", true},
	}
	for _, tt := range tests {
		if _, got := tt.filter.Admit(t.Context(), tt.uri); got != tt.want {
			t.Errorf("%q: %v", tt.uri, got)
		}
	}
}

// FuzzFilter: what passes has an address to connect to.
func FuzzFilter(f *testing.F) {
	for _, uri := range []string{"http://example.com/x", "http://[::1]:80/", "http://127.1/", "http://a b/", "http://%31/", "x:y", ""} {
		f.Add(uri)
	}
	filter := defaults()
	f.Fuzz(func(t *testing.T, uri string) {
		addrs, ok := filter.Admit(t.Context(), uri)
		if ok != (len(addrs) > 0) {
			t.Errorf("%q: %v, %v", uri, addrs, ok)
		}
	})
}
