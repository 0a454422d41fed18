package cache_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/metadata/memdb"
)

var errBoom = errors.New("boom")

func id(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", n, n) }

// index is one whose failures a test decides.
type index struct {
	cache.Index
	fail error // of Add
}

func (x *index) Add(ctx context.Context, img glance.CachedImage) error {
	if x.fail != nil {
		return x.fail
	}
	return x.Index.Add(ctx, img)
}

type rig struct {
	*cache.Cache
	index *index
	dir   string
	log   *bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	below, err := memdb.New().CacheOf(t.Context(), "http://node")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{index: &index{Index: below}, dir: t.TempDir(), log: &bytes.Buffer{}}
	must(t, cache.MakeDirs(r.dir))
	r.Cache = r.another()
	return r
}

// another is another process that uses the directory.
func (r *rig) another() *cache.Cache {
	return cache.New(cache.Config{Dir: r.dir, MaxSize: 100, StallTime: time.Hour, Database: "mine.sqlite"}, r.index,
		slog.New(slog.NewTextHandler(r.log, nil)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(n int, data string) cache.Want {
	sum := md5.Sum([]byte(data))
	return cache.Want{ImageID: id(n), Size: int64(len(data)), Checksum: hex.EncodeToString(sum[:])}
}

// fill puts an image into the cache.
func (r *rig) fill(t *testing.T, n int, data string) {
	t.Helper()
	f := r.Begin(t.Context(), want(n, data))
	if f == nil {
		t.Fatalf("image %d: nothing to fill", n)
	}
	_, err := io.WriteString(f, data)
	must(t, errors.Join(err, f.End(t.Context(), nil)))
}

// put makes a file as another program would.
func (r *rig) put(t *testing.T, data string, age time.Duration, elem ...string) {
	t.Helper()
	path := filepath.Join(append([]string{r.dir}, elem...)...)
	must(t, os.WriteFile(path, []byte(data), 0o600))
	at := time.Now().Add(-age)
	must(t, os.Chtimes(path, at, at))
}

// wantFiles compares all files below the directory.
func (r *rig) wantFiles(t *testing.T, files ...string) {
	t.Helper()
	var got []string
	must(t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if name := strings.TrimPrefix(path, r.dir+"/"); err == nil && !d.IsDir() && !strings.HasPrefix(name, "glance-cache-") {
			got = append(got, name)
		}
		return err
	}))
	if g, w := strings.Join(got, " "), strings.Join(files, " "); g != w {
		t.Errorf("files %s\n want %s", g, w)
	}
}

// wantRecords compares the ids of the records.
func (r *rig) wantRecords(t *testing.T, images ...int) {
	t.Helper()
	list, err := r.List(t.Context())
	must(t, err)
	got, ids := "", ""
	for _, img := range list {
		got += img.ImageID + " "
	}
	for _, n := range images {
		ids += id(n) + " "
	}
	if got != ids {
		t.Errorf("records %s\n   want %s", got, ids)
	}
}

func (r *rig) wantData(t *testing.T, n int, data string) {
	t.Helper()
	f := r.Open(t.Context(), id(n), int64(len(data)))
	if f == nil {
		t.Fatalf("image %d is not cached", n)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != data {
		t.Errorf("image %d: %q, %v", n, got, err)
	}
}
