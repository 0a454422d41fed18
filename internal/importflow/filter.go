package importflow

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Filter says which URLs may be read (spec import §7). Of each pair an allowed
// list that names anything is the only one that counts.
type Filter struct {
	AllowedSchemes, DisallowedSchemes []string
	AllowedHosts, DisallowedHosts     []string
	AllowedPorts, DisallowedPorts     []int

	Lookup func(ctx context.Context, host string) ([]netip.Addr, error) // nil asks the system
}

// Admit judges a URL. The addresses are those that its host has now; who
// connects had better use them and not ask again.
func (f *Filter) Admit(ctx context.Context, uri string) (addrs []netip.Addr, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || u.Host == "" || !one(u.Scheme, f.AllowedSchemes, f.DisallowedSchemes) {
		return nil, false
	}
	port, ok := portOf(u)
	if !ok || port >= 0 && !one(port, f.AllowedPorts, f.DisallowedPorts) {
		return nil, false
	}
	host, addrs, ok := f.resolve(ctx, u.Hostname())
	if !ok || !one(host, f.AllowedHosts, f.DisallowedHosts) {
		return nil, false
	}
	return addrs, true
}

func one[T comparable](item T, allowed, disallowed []T) bool {
	if len(allowed) > 0 {
		return slices.Contains(allowed, item)
	}
	return !slices.Contains(disallowed, item)
}

// portOf gives the port that the URL names, -1 when it names none.
func portOf(u *url.URL) (int, bool) {
	text := u.Port()
	if text == "" {
		return -1, true
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return int(port), err == nil
}

// resolve gives a host the form in which the lists have it.
func (f *Filter) resolve(ctx context.Context, host string) (string, []netip.Addr, bool) {
	host = strings.ToLower(host)
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String(), []netip.Addr{addr.Unmap()}, addr.Zone() == ""
	}
	// Other spellings of addresses, which some resolvers would understand.
	if strings.Trim(host, "0123456789.") == "" {
		return "", nil, false
	}
	lookup := f.Lookup
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	addrs, err := lookup(ctx, strings.TrimSuffix(host, ".")+".")
	return host, addrs, err == nil && len(addrs) > 0
}
