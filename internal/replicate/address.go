package replicate

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"glance/internal/glance"
)

const addressHint = ` Please specify a host:port pair, where host is an IPv4 address, IPv6 address, hostname, or FQDN. ` +
	`If using an IPv6 address, enclose it in brackets separately from the port (i.e., "[fe80::a:b:c]:9876").`

var (
	hostName = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	fullName = regexp.MustCompile(`^[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`)
)

// ParseAddress makes the URL of a server of a host:port pair, as the original
// reads it, or of an http or https URL. The error is Invalid.
func ParseAddress(text string) (string, error) {
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return parseURL(text)
	}
	wrong := func(format string, args ...any) (string, error) {
		return "", glance.Errorf(glance.Invalid, "%s", fmt.Sprintf(format, args...)+addressHint)
	}
	host, port, hasPort, ok := splitAddress(text)
	number, err := strconv.Atoi(strings.TrimSpace(port))
	switch {
	case !ok || hasPort && err != nil:
		return wrong(`Host and port "%s" is not valid.`, text)
	case !hasPort:
		return wrong(`Port "None" is not valid.`)
	case number < 0 || number > 65535:
		return wrong(`Port "%d" is not valid.`, number)
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostName.MatchString(host) && !fullName.MatchString(host) {
		return wrong(`Host "%s" is not valid.`, host)
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(number))}
	return u.String(), nil
}

// splitAddress: an address without brackets and more than one colon is all host.
func splitAddress(text string) (host, port string, hasPort, ok bool) {
	if inner, found := strings.CutPrefix(text, "["); found {
		parts := strings.Split(inner, "]")
		if len(parts) != 2 {
			return "", "", false, false
		}
		if fields := strings.Split(parts[1], ":"); len(fields) > 1 {
			return parts[0], fields[1], true, true
		}
		return parts[0], "", false, true
	}
	if strings.Count(text, ":") != 1 {
		return text, "", false, true
	}
	host, port, _ = strings.Cut(text, ":")
	return host, port, true, true
}

func parseURL(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		return "", glance.Errorf(glance.Invalid, "The URL of a server is a scheme, a host, and perhaps a port and a path.")
	case u.User != nil:
		return "", glance.Errorf(glance.Invalid, "The URL of a server holds no user and password.")
	}
	return strings.TrimRight(text, "/"), nil
}
