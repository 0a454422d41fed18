package keystone

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// key stands for a token wherever it is remembered.
type key [sha256.Size]byte

func keyOf(raw string) key { return sha256.Sum256([]byte(raw)) }

const (
	shards     = 64
	remembered = 10_000 // valid tokens
	refused    = 2_000  // tokens that are not valid
	candidates = 8      // that an eviction looks at
)

// cache remembers values of tokens, each until its time, and at most so many.
// It is in parts with a lock each, because every request reads it. What goes
// when a part is full is the least recently used of a few, as good as of all.
type cache[V any] struct {
	parts [shards]part[V]
	room  int // of a part
}

type part[V any] struct {
	mu      sync.RWMutex
	entries map[key]*entry[V]
	_       [32]byte // parts do not share cache lines
}

type entry[V any] struct {
	value V
	until time.Time
	used  atomic.Int64 // seconds since 1970
}

func newCache[V any](size int) *cache[V] {
	c := &cache[V]{room: (size + shards - 1) / shards}
	for i := range c.parts {
		c.parts[i].entries = map[key]*entry[V]{}
	}
	return c
}

func (c *cache[V]) get(k key) (V, bool) {
	p := &c.parts[int(k[0])%shards]
	p.mu.RLock()
	e := p.entries[k]
	p.mu.RUnlock()
	now := time.Now()
	if e == nil || !now.Before(e.until) {
		var nothing V
		return nothing, false
	}
	if second := now.Unix(); e.used.Load() != second {
		e.used.Store(second) // once a second, so that a token of many requests stays in the caches of all processors
	}
	return e.value, true
}

func (c *cache[V]) put(k key, v V, until time.Time) {
	now := time.Now()
	if !now.Before(until) {
		return
	}
	e := &entry[V]{value: v, until: until}
	e.used.Store(now.Unix())
	p := &c.parts[int(k[0])%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.entries[k]; !there && len(p.entries) >= c.room {
		p.evict(now)
	}
	p.entries[k] = e
}

// evict makes room for one. The order of a map's keys is random enough to be a
// sample.
func (p *part[V]) evict(now time.Time) {
	var oldest key
	var age int64
	looked := 0
	for k, e := range p.entries {
		used := e.used.Load()
		if !now.Before(e.until) {
			used = 0
		}
		if looked == 0 || used < age {
			oldest, age = k, used
		}
		if looked++; looked == candidates {
			break
		}
	}
	delete(p.entries, oldest)
}
