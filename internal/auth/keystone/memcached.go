package keystone

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// Entries in memcached are, after unsealing, this line, the time until which
// the answer holds in nanoseconds since 1970 and a newline, and the description
// of the token as the identity service gave it.
const entryHead = "glance token 1\n"

const defaultPort = "11211"

// shared remembers tokens for all nodes. It never fails: a server that does is
// left alone for a while, and its tokens are asked about again.
type shared struct {
	servers   []*server
	seal      sealer
	deadRetry time.Duration
	log       *slog.Logger
}

// server is one memcached. It is its own address and the choice among one.
type server struct {
	network, address string
	client           *memcache.Client
	deadUntil        atomic.Int64 // nanoseconds since 1970
}

func (s *server) Network() string                     { return s.network }
func (s *server) String() string                      { return s.address }
func (s *server) PickServer(string) (net.Addr, error) { return s, nil }
func (s *server) Each(f func(net.Addr) error) error   { return f(s) }

// newShared is nil without servers.
func newShared(m *Memcached, log *slog.Logger) (*shared, error) {
	if len(m.Servers) == 0 {
		return nil, nil
	}
	seal, err := newSealer(m.Strategy, m.Secret)
	if err != nil {
		return nil, err
	}
	out := &shared{seal: seal, deadRetry: m.DeadRetry, log: log}
	for _, name := range m.Servers {
		s, err := parseServer(name)
		if err != nil {
			return nil, err
		}
		s.client = memcache.NewFromSelector(s)
		s.client.Timeout, s.client.MaxIdleConns = m.Timeout, m.Idle
		out.servers = append(out.servers, s)
	}
	return out, nil
}

// parseServer takes the forms that python-memcached does.
func parseServer(name string) (*server, error) {
	if path, ok := strings.CutPrefix(name, "unix:"); ok {
		return &server{network: "unix", address: path}, nil
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "inet6:"), "inet:")
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = strings.Trim(name, "[]"), defaultPort
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || host == "" {
		return nil, fmt.Errorf("memcached_servers: %q is no host:port", name)
	}
	return &server{network: "tcp", address: net.JoinHostPort(host, port)}, nil
}

// at is the server of a token, or the next one that is not left alone.
func (s *shared) at(k key) *server {
	now := time.Now().UnixNano()
	for i := range s.servers {
		if one := s.servers[(int(k[1])+i)%len(s.servers)]; one.deadUntil.Load() <= now {
			return one
		}
	}
	return nil
}

func name(k key) string { return "glance/token/" + hex.EncodeToString(k[:]) }

// get gives a token that somebody put, or nil.
func (s *shared) get(k key) (t *token, until time.Time) {
	one := s.at(k)
	if one == nil {
		return nil, time.Time{}
	}
	item, err := one.client.Get(name(k))
	if err != nil {
		if !errors.Is(err, memcache.ErrCacheMiss) {
			s.failed(one, err)
		}
		return nil, time.Time{}
	}
	plain, ok := s.seal.open(k, item.Value)
	if !ok {
		return nil, time.Time{}
	}
	return parseEntry(plain)
}

func parseEntry(plain []byte) (*token, time.Time) {
	rest, ok := bytes.CutPrefix(plain, []byte(entryHead))
	line, body, cut := bytes.Cut(rest, []byte("\n"))
	nanos, err := strconv.ParseInt(string(line), 10, 64)
	if !ok || !cut || err != nil {
		return nil, time.Time{}
	}
	t, err := parseToken(body)
	if err != nil {
		return nil, time.Time{}
	}
	return t, time.Unix(0, nanos)
}

func (s *shared) put(k key, body []byte, until time.Time) {
	one := s.at(k)
	if one == nil {
		return
	}
	plain := append(strconv.AppendInt([]byte(entryHead), until.UnixNano(), 10), '\n')
	item := &memcache.Item{
		Key: name(k), Value: s.seal.seal(k, append(plain, body...)),
		Expiration: int32(max(1, time.Until(until).Seconds())),
	}
	if err := one.client.Set(item); err != nil {
		s.failed(one, err)
	}
}

func (s *shared) failed(one *server, err error) {
	one.deadUntil.Store(time.Now().Add(s.deadRetry).UnixNano())
	s.log.Warn("a memcached does not remember tokens for a while", "server", one.String(), "error", err)
}

func (s *shared) close() error {
	var errs []error
	for _, one := range s.servers {
		errs = append(errs, one.client.Close())
	}
	return errors.Join(errs...)
}
