package keystone_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/auth/keystone"
)

// memcached knows get, gets and set.
type memcached struct {
	address string
	mu      sync.Mutex
	values  map[string]string
	ends    map[string]string // as it was told
	calls   int
	broken  bool
}

func newMemcached(t *testing.T) *memcached {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &memcached{address: l.Addr().String(), values: map[string]string{}, ends: map[string]string{}}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { m.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		open.Wait() // the filters closed their connections before
	})
	return m
}

func (m *memcached) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if words := strings.Fields(line); !m.obey(words, in, c) {
			return
		}
	}
}

func (m *memcached) obey(words []string, in io.Reader, out io.Writer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.broken {
		return false
	}
	switch words[0] {
	case "get", "gets":
		if v, ok := m.values[words[1]]; ok {
			fmt.Fprintf(out, "VALUE %s 0 %d 1\r\n%s\r\n", words[1], len(v), v)
		}
		fmt.Fprint(out, "END\r\n")
	case "set":
		var size int
		_, _ = fmt.Sscan(words[4], &size)
		value := make([]byte, size+2)
		if _, err := io.ReadFull(in, value); err != nil {
			return false
		}
		m.values[words[1]], m.ends[words[1]] = string(value[:size]), words[3]
		fmt.Fprint(out, "STORED\r\n")
	}
	return true
}

// stored counts entries and calls.
func (m *memcached) stored() (entries, calls int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.values), m.calls
}

func (m *memcached) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func remembering(id *identity, strategy, key string, servers ...*memcached) keystone.Config {
	c := config(id.url + "/v3")
	c.Memcached = keystone.Memcached{
		Strategy: strategy, Secret: key, Timeout: time.Minute, DeadRetry: time.Hour, Idle: 2,
	}
	for _, s := range servers {
		c.Memcached.Servers = append(c.Memcached.Servers, s.address)
	}
	return c
}

func TestSharedTokens(t *testing.T) {
	for _, strategy := range []string{"None", "mac", "ENCRYPT"} {
		t.Run(strategy, func(t *testing.T) {
			id, m := newIdentity(t), newMemcached(t)
			id.tokens[userToken] = describe("p1", "reader")
			c := remembering(id, strategy, secret+"key", m)
			for node := range 3 {
				f, _ := open(t, c)
				if h, err := ask(t, f, "X-Auth-Token", userToken); err != nil || h.Get("X-Project-Id") != "p1" {
					t.Errorf("node %d: %v, %v", node, h, err)
				}
				if _, err := ask(t, f, "X-Auth-Token", secret+"no"); err == nil {
					t.Error("a bad token is good")
				}
			}
			if _, questions := id.counts(); questions != 4 {
				t.Errorf("%d questions, want one for the token and three for refusals, which are not shared", questions)
			}
			if len(m.values) != 1 {
				t.Errorf("%d entries", len(m.values))
			}
			for key, value := range m.values {
				if strings.Contains(key+value, userToken) || strings.Contains(value, secret+"own") {
					t.Error("a token is stored")
				}
				if strategy == "ENCRYPT" && strings.Contains(value, "reader") {
					t.Error("it is not encrypted")
				}
				if end := m.ends[key]; end != "299" && end != "300" {
					t.Errorf("it ends after %s s", end)
				}
			}
		})
	}
}

// What others wrote is not believed.
func TestForgedEntries(t *testing.T) {
	id, m := newIdentity(t), newMemcached(t)
	id.tokens[userToken] = describe("p1", "reader")
	id.tokens[otherToken] = describe("p2", "admin")
	for _, strategy := range []string{"MAC", "ENCRYPT"} {
		m.change(func() { clear(m.values) })
		good := remembering(id, strategy, "right", m)
		f, _ := open(t, good)
		_, _ = ask(t, f, "X-Auth-Token", userToken)
		var userKey, mine string
		for k, v := range m.values {
			userKey, mine = k, v
		}
		_, _ = ask(t, f, "X-Auth-Token", otherToken)
		var admin string
		for k, v := range m.values {
			if k != userKey {
				admin = v
			}
		}
		wrongKey := remembering(id, strategy, "wrong", m)
		for name, tt := range map[string]struct {
			value string
			conf  keystone.Config
		}{
			"another token's": {admin, good},
			"cut":             {mine[:len(mine)-1], good},
			"short":           {"x", good},
			"empty":           {"", good},
			"plain":           {fmt.Sprintf("glance token 1\n%d\n{}", time.Now().Add(time.Hour).UnixNano()), good},
			"other key":       {mine, wrongKey},
		} {
			m.change(func() { m.values[userKey] = tt.value })
			_, before := id.counts()
			f, _ := open(t, tt.conf)
			if h, err := ask(t, f, "X-Auth-Token", userToken); err != nil || h.Get("X-Project-Id") != "p1" || h.Get("X-Roles") != "reader" {
				t.Errorf("%s, %s: %v, %v", strategy, name, h, err)
			}
			if _, after := id.counts(); after != before+1 {
				t.Errorf("%s, %s: the identity service was not asked", strategy, name)
			}
		}
	}
}

// Entries of other layouts, and of tokens that have ended, are none.
func TestStaleEntries(t *testing.T) {
	id, m := newIdentity(t), newMemcached(t)
	id.tokens[userToken] = describe("p1", "reader")
	c := remembering(id, "None", "", m)
	f, _ := open(t, c)
	_, _ = ask(t, f, "X-Auth-Token", userToken)
	var key string
	for k := range m.values {
		key = k
	}
	for _, value := range []string{"", "glance token 2\n1\n{}", "glance token 1\nx\n{}", "glance token 1\n1", "glance token 1\n99999999999999999\nnonsense"} {
		m.change(func() { m.values[key] = value })
		f, _ := open(t, c)
		if h, err := ask(t, f, "X-Auth-Token", userToken); err != nil || h.Get("X-Project-Id") != "p1" {
			t.Errorf("%q: %v, %v", value, h, err)
		}
	}
}

// A memcached that fails is left alone; another one takes over.
func TestMemcachedFails(t *testing.T) {
	id, a, b := newIdentity(t), newMemcached(t), newMemcached(t)
	c := remembering(id, "None", "", a, b)
	f, log := open(t, c)
	many := func(n int) {
		t.Helper()
		for i := range 20 {
			token := fmt.Sprint(secret, n, "-", i)
			id.set(func() { id.tokens[token] = describe("p1", "reader") })
			if _, err := ask(t, f, "X-Auth-Token", token); err != nil {
				t.Error(err)
			}
		}
	}
	many(1)
	inA, _ := a.stored()
	inB, _ := b.stored()
	if inA == 0 || inB == 0 {
		t.Fatalf("%d and %d entries", inA, inB)
	}
	a.change(func() { a.broken = true })
	many(2)
	if inB, _ = b.stored(); inA+inB < 39 {
		t.Errorf("%d entries of 40", inA+inB)
	}
	_, calls := a.stored()
	many(3)
	if _, now := a.stored(); now != calls {
		t.Error("a dead server is asked again")
	}
	b.change(func() { b.broken = true })
	many(4)
	if n := strings.Count(log.String(), "does not remember tokens"); n != 2 {
		t.Errorf("%d warnings:\n%s", n, log)
	}
}
