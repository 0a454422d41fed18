package file_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/multihash"
	"glance/internal/store"
	"glance/internal/store/file"
	"glance/internal/store/storetest"
)

// upload is what the service does with the data of an upload.
func upload(ctx context.Context, pool *multihash.Pool, s *file.Store, id string, r io.Reader) (object store.Object, sum string, err error) {
	check, hash := md5.New(), sha512.New()
	_, err = pool.Pipe(ctx, r, multihash.To(check), multihash.To(hash), func(ctx context.Context, r io.Reader) (err error) {
		object, err = s.Put(ctx, store.Upload{ImageID: id, Attempt: "a", Size: store.SizeUnknown}, r)
		return err
	})
	return object, hex.EncodeToString(check.Sum(nil)) + hex.EncodeToString(hash.Sum(nil)), err
}

func TestUploadThroughPipe(t *testing.T) {
	dir := t.TempDir()
	var pool multihash.Pool
	s := open(t, file.Config{Datadir: dir})
	data := storetest.Noise(10<<20 + 1)
	object, sum, err := upload(t.Context(), &pool, s, "i", struct{ io.Reader }{bytes.NewReader(data)})
	if err != nil || object.Size != int64(len(data)) {
		t.Fatalf("got %d bytes, %v", object.Size, err)
	}
	wantMD5, wantSHA := md5.Sum(data), sha512.Sum512(data)
	if sum != hex.EncodeToString(wantMD5[:])+hex.EncodeToString(wantSHA[:]) {
		t.Error("wrong sums")
	}
	if got, err := os.ReadFile(filepath.Join(dir, "i")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file holds other data: %d bytes, %v", len(got), err)
	}

	broken := io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }))
	if _, _, err := upload(t.Context(), &pool, s, "j", broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
	if n := pool.InUse(); n != 0 {
		t.Errorf("%d buffers are still in use", n)
	}
}

// BenchmarkUpload is everything but the network: 1 GiB, hashed twice, durable.
func BenchmarkUpload(b *testing.B) {
	var pool multihash.Pool
	s := open(b, file.Config{Datadir: b.TempDir()})
	data := storetest.Noise(1 << 30)
	b.SetBytes(1 << 30)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		object, _, err := upload(b.Context(), &pool, s, strconv.Itoa(i), struct{ io.Reader }{bytes.NewReader(data)})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Delete(b.Context(), object.URL); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzURL(f *testing.F) {
	outside := filepath.Join(f.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		f.Fatal(err)
	}
	dir := filepath.Join(filepath.Dir(outside), "images")
	s := open(f, file.Config{Datadir: dir})
	for _, rest := range []string{"image", "../outside", "a/../../outside", "./..//outside", "%2e%2e/outside", "\x00"} {
		f.Add("file://" + dir + "/" + rest)
	}
	f.Add("filesystem://" + outside)
	f.Fuzz(func(t *testing.T, url string) {
		_, err := s.Size(t.Context(), url)
		if k := glance.KindOf(err); err != nil && k != glance.NotFound && k != glance.Invalid && k != glance.Unavailable {
			t.Errorf("%s: %v", url, err)
		}
		if s.Owns(url) && !strings.Contains(url, "images/") {
			t.Errorf("owns %s", url)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(`{"id": "1", "mountpoint": "/m", "more": ["a", {"b": "c"}]}`)
	f.Add(`[{"id": "1", "mountpoint": "/m"}, {"id": 2}]`)
	f.Add(`[null]`)
	f.Add(`{`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		s, err := file.Open(file.Config{Datadir: dir, MetadataFile: write(t, filepath.Join(t.TempDir(), "m"), text)}, quiet())
		var bad *store.BadConfig
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("got error %v", err)
		}
		if s == nil {
			t.Error("no store")
		}
	})
}
