package keystone

import (
	"net/http"
	"time"
)

// SetTransport lets a test answer without a network, for fake time.
func (f *Filter) SetTransport(rt http.RoundTripper) { f.client.http.Transport = rt }

// Remembered counts the tokens and the refusals that are held in memory.
func (f *Filter) Remembered() (valid, invalid int) { return f.valid.size(), f.invalid.size() }

func (c *cache[V]) size() (n int) {
	for i := range c.parts {
		n += len(c.parts[i].entries)
	}
	return n
}

// Cache is a cache with names for keys.
type Cache struct{ c *cache[int] }

func NewCache(size int) Cache { return Cache{newCache[int](size)} }

func (c Cache) Put(name string, v int, until time.Time) { c.c.put(keyOf(name), v, until) }
func (c Cache) Get(name string) (int, bool)             { return c.c.get(keyOf(name)) }
func (c Cache) Size() int                               { return c.c.size() }

// ParseToken, ParseEntry and V3Link are the parsers of what comes from outside.
func ParseToken(body []byte) error { _, err := parseToken(body); return err }

func ParseEntry(plain []byte) bool { t, _ := parseEntry(plain); return t != nil }

func V3Link(at string, body []byte) string { return v3Link(at, body) }

func PathMatches(pattern, path string) bool { return pathPattern(pattern).MatchString(path) }
