package app

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// shares are what generations of one process have in common: a room whose
// configuration a reload does not change moves over to the next generation, and
// closes with the last one that has it.
type shares struct {
	mu   sync.Mutex
	open map[shareKey]*shared
}

// shareKey keeps of a configuration, which has secrets, only what is needed to
// compare it.
type shareKey struct {
	what          string
	configuration [sha256.Size]byte
}

type shared struct {
	value any
	room  *Generation // holds what closes it
	users int
}

func newShares() *shares { return &shares{open: map[shareKey]*shared{}} }

// sharing describes a room that generations may have in common.
type sharing[T any] struct {
	what          string
	configuration any // all that the room is made of
	// build registers with the Generation that it is given what closes the room.
	build func(*Generation) (T, error)
	// fits tells whether a room of an earlier generation may be used; nil: yes.
	fits func(T) bool
}

// share gives g a room: the one that an earlier generation has when it is
// configured the same and fits, else a new one.
func share[T any](g *Generation, room sharing[T]) (T, error) {
	if g.shares == nil {
		return room.build(g)
	}
	var none T
	text, err := json.Marshal(room.configuration)
	if err != nil {
		return none, fmt.Errorf("compare the configuration of %s: %w", room.what, err)
	}
	key := shareKey{room.what, sha256.Sum256(text)}
	g.shares.mu.Lock()
	defer g.shares.mu.Unlock()
	entry := g.shares.open[key]
	if entry == nil || (room.fits != nil && !room.fits(entry.value.(T))) { //nolint:forcetypeassert // the key names the type
		entry = &shared{room: &Generation{log: g.log}}
		value, err := room.build(entry.room)
		if err != nil {
			_ = entry.room.close() // the error that made us give up is the one to tell
			return none, err
		}
		entry.value = value
		g.shares.open[key] = entry
	}
	entry.users++
	g.onClose(func() error { return g.shares.release(key, entry) })
	return entry.value.(T), nil //nolint:forcetypeassert // as above
}

func (s *shares) release(key shareKey, entry *shared) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry.users--; entry.users > 0 {
		return nil
	}
	if s.open[key] == entry {
		delete(s.open, key)
	}
	return entry.room.close()
}

// list says what is open, and for how many generations.
func (s *shares) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for key, entry := range s.open {
		lines = append(lines, fmt.Sprintf("%s: used by %d", key.what, entry.users))
	}
	slices.Sort(lines)
	return lines
}
