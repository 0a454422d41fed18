package mem

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"glance/internal/store"
)

// Store is a store in memory.
type Store struct {
	prefix string // of its URLs

	mu      sync.Mutex
	objects map[string]object // by image id
}

type object struct {
	data    []byte // never changed
	attempt string
}

// New makes an empty store; the name tells its URLs from those of others.
func New(name string) *Store {
	return &Store{prefix: "mem://" + name + "/", objects: map[string]object{}}
}

// Put keeps an image; see store.Driver.
func (s *Store) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if err := s.vacant(up); err != nil {
		return store.Object{}, err
	}
	var data bytes.Buffer
	if _, err := io.Copy(&limited{ctx, up.Size, &data}, r); err != nil {
		return store.Object{}, err
	}
	size := int64(data.Len())
	if up.Size != store.SizeUnknown && size != up.Size {
		return store.Object{}, store.SizeMismatch(up.Size, size)
	}
	if ctx.Err() != nil {
		return store.Object{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[up.ImageID]; ok {
		return store.Object{}, store.Duplicate(up.ImageID)
	}
	s.objects[up.ImageID] = object{data.Bytes(), up.Attempt}
	return store.Object{URL: s.prefix + up.ImageID, Size: size, Metadata: map[string]any{}}, nil
}

func (s *Store) vacant(up store.Upload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[up.ImageID]; ok {
		return store.Duplicate(up.ImageID)
	}
	return nil
}

// limited is a buffer that refuses more than was announced.
type limited struct {
	ctx  context.Context
	want int64
	to   *bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	if got := int64(l.to.Len() + len(p)); l.want != store.SizeUnknown && got > l.want {
		return 0, store.SizeExceeds(l.want, got)
	}
	return l.to.Write(p)
}

// Open reads an image; see store.Driver.
func (s *Store) Open(_ context.Context, url string, offset int64) (store.Data, error) {
	_, o, err := s.find(url)
	if err != nil {
		return store.Data{}, err
	}
	size := int64(len(o.data))
	r := bytes.NewReader(o.data[min(max(offset, 0), size):])
	return store.Data{ReadCloser: io.NopCloser(r), Size: size}, nil
}

// Size tells how long an image is; see store.Driver.
func (s *Store) Size(_ context.Context, url string) (int64, error) {
	_, o, err := s.find(url)
	return int64(len(o.data)), err
}

// Delete forgets an image; see store.Driver.
func (s *Store) Delete(_ context.Context, url string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _, err := s.findLocked(url)
	if err == nil {
		delete(s.objects, id)
	}
	return err
}

// Abandon forgets what an attempt kept; see store.Driver.
func (s *Store) Abandon(_ context.Context, up store.Upload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects[up.ImageID].attempt == up.Attempt {
		delete(s.objects, up.ImageID)
	}
	return nil
}

// Owns reports whether url is one of this store's.
func (s *Store) Owns(url string) bool { return strings.HasPrefix(url, s.prefix) }

// Info describes the store.
func (s *Store) Info() store.Info {
	return store.Info{Type: "mem", Schemes: []string{"mem"}, RandomRead: true, Properties: map[string]any{}}
}

func (s *Store) find(url string) (string, object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(url)
}

func (s *Store) findLocked(url string) (string, object, error) {
	id, ok := strings.CutPrefix(url, s.prefix)
	if !ok {
		return "", object{}, store.BadURL("it is not one of this store")
	}
	o, ok := s.objects[id]
	if !ok {
		return "", object{}, store.NoImage(id, nil)
	}
	return id, o, nil
}
