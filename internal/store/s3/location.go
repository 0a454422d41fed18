package s3

import (
	"strings"

	"glance/internal/store"
)

// location is a URL taken apart: scheme://[access:secret@]host[/path]/bucket/key.
type location struct {
	scheme         string
	access, secret string // empty in what we write
	host           string // with port, and with a path where the server has one
	bucket, key    string
}

// parse reads a URL of this family. A secret key may hold slashes, so no URL
// library can read it.
func parse(url string) (location, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme != "s3" && scheme != "s3+http" && scheme != "s3+https" {
		return location{}, store.BadURL("it is not one of S3")
	}
	if strings.Contains(rest, "://") {
		return location{}, store.BadURL("it has more than one scheme")
	}
	l := location{scheme: scheme}
	rest = strings.Trim(rest, "/")
	if keys, after, ok := strings.Cut(rest, "@"); ok {
		if l.access, l.secret, ok = strings.Cut(keys, ":"); !ok || strings.Contains(after, "@") {
			return location{}, store.BadURL("Badly formed S3 credentials")
		}
		rest = after
	}
	rest, l.key, _ = cutLast(rest)
	l.host, l.bucket, ok = cutLast(rest)
	l.host = strings.Trim(l.host, "/")
	if !ok || l.host == "" || l.bucket == "" || l.key == "" {
		return location{}, store.BadURL("Badly formed S3 URI. Missing s3 service URL.")
	}
	return l, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// bareHost is the host of an endpoint as URLs have it.
func bareHost(endpoint string) string {
	if rest, ok := strings.CutPrefix(endpoint, "https://"); ok {
		endpoint = rest
	} else {
		endpoint = strings.TrimPrefix(endpoint, "http://")
	}
	return strings.Trim(endpoint, "/")
}

// url gives the form without keys.
func (l location) url() string {
	return l.scheme + "://" + l.host + "/" + l.bucket + "/" + l.key
}

// in reports whether l lies in the bucket of place.
func (l location) in(place location) bool {
	return l.host == place.host && l.bucket == place.bucket &&
		strings.TrimSuffix(l.scheme, "+http") == strings.TrimSuffix(place.scheme, "+http")
}

// Owns reports whether url lies in the bucket, whatever keys it has.
func (s *Store) Owns(url string) bool {
	l, err := parse(url)
	return err == nil && l.in(s.place)
}
