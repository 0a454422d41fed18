package sealed_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sealed"
)

const (
	secret = "0123456789abcdef"
	id     = "11111111-1111-4111-8111-111111111111"
	plain  = "swift://user:pass@keys/container/object"

	opensslVector = "ZmVkY2JhOTg3NjU0MzIxMHLcNW5SMT4leyPqce45hM8="
)

func open(t testing.TB, below metadata.Store, key string, log *slog.Logger) *sealed.Store {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s, err := sealed.New(below, key, log)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSuite: behind the key a store is still a store.
func TestSuite(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store { return open(t, memdb.New(), secret, nil) })
	metadatatest.RunCaches(t, metadatatest.Engine{}, func(t *testing.T) metadata.Store { return open(t, memdb.New(), secret, nil) })
}

// TestForm takes a sealed text apart by the rule of spec database §3, and puts
// one together, with all that the rule leaves open fixed.
func TestForm(t *testing.T) {
	key, err := sealed.NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		text := strings.Repeat("u", n)
		raw, err := base64.URLEncoding.DecodeString(key.Seal(text))
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, len(raw)-16)
		cipher.NewCBCDecrypter(block, raw[:16]).CryptBlocks(body, raw[16:])
		if want := 16 * (n/16 + 1); len(body) != want {
			t.Errorf("%d bytes became %d, want %d", n, len(body), want)
		}
		if string(body[:n]) != text || body[n] != 0 || bytes.IndexByte(body[n+1:], 0) >= 0 {
			t.Errorf("%d bytes became %q", n, body)
		}
	}
	// What the original's registry client makes: padding to 64 bytes.
	body := append([]byte(plain), 0)
	body = append(body, bytes.Repeat([]byte{0xff}, 64-len(body))...)
	vector := []byte("fedcba9876543210")
	cipher.NewCBCEncrypter(block, vector).CryptBlocks(body, body)
	got, err := key.Open(base64.URLEncoding.EncodeToString(append(vector, body...)))
	if err != nil || got != plain {
		t.Errorf("opened %q, %v", got, err)
	}
}

// TestVector is a text that openssl made: enc -aes-128-cbc -nopad of
// "file:///a", a zero byte and 6 bytes of 0x41, behind its vector.
func TestVector(t *testing.T) {
	key, err := sealed.NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Open(opensslVector)
	if err != nil || got != "file:///a" {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestKeyLengths(t *testing.T) {
	for n := range 40 {
		_, err := sealed.NewKey(strings.Repeat("k", n))
		if ok := n == 16 || n == 24 || n == 32; (err == nil) != ok {
			t.Errorf("key of %d: %v", n, err)
		}
		if err != nil && strings.Contains(err.Error(), "kk") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func image(urls ...string) *glance.Image {
	img := &glance.Image{ID: id, Status: glance.StatusActive, Visibility: glance.VisibilityShared, Owner: "p"}
	for _, u := range urls {
		img.Locations = append(img.Locations, glance.Location{URL: u, Metadata: map[string]any{}})
	}
	return img
}

func rowsOf(t *testing.T, db metadata.Store) []glance.Location {
	t.Helper()
	img, err := db.Image(context.Background(), metadata.Everything(), id)
	if err != nil {
		t.Fatal(err)
	}
	return img.Locations
}

func change(t *testing.T, db metadata.Store, f func(*glance.Image)) {
	t.Helper()
	_, err := db.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error {
		f(img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingPlainBelow(t *testing.T) {
	below := memdb.New()
	s := open(t, below, secret, nil)
	img := image(plain)
	if err := s.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
	if img.Locations[0].URL != plain || img.Locations[0].ID == 0 {
		t.Errorf("the caller got %+v", img.Locations)
	}
	change(t, s, func(img *glance.Image) {
		img.Locations = append(img.Locations, glance.Location{URL: plain + "2", Metadata: map[string]any{}})
	})
	first := rowsOf(t, below)
	for _, row := range first {
		if strings.Contains(row.URL, "user") || strings.Contains(row.URL, ":") {
			t.Errorf("the database holds %s", row.URL)
		}
	}
	change(t, s, func(img *glance.Image) { img.Protected = true })
	for i, row := range rowsOf(t, below) {
		if row.URL != first[i].URL {
			t.Error("a row that did not change was written again")
		}
	}
	change(t, s, func(img *glance.Image) { img.Locations[0].URL = "file:///new" })
	if got := rowsOf(t, s); got[0].URL != "file:///new" || got[1].URL != plain+"2" {
		t.Errorf("read back %+v", got)
	}
}

func TestPlainRowsAreSealedWhenSaved(t *testing.T) {
	below := memdb.New()
	if err := below.CreateImage(t.Context(), image(plain)); err != nil {
		t.Fatal(err)
	}
	s := open(t, below, secret, nil)
	if got := rowsOf(t, s); got[0].URL != plain {
		t.Errorf("read %+v", got)
	}
	change(t, s, func(img *glance.Image) { img.Protected = true })
	if row := rowsOf(t, below)[0]; strings.Contains(row.URL, "user") {
		t.Errorf("still plain: %s", row.URL)
	}
	if got := rowsOf(t, s); got[0].URL != plain {
		t.Errorf("read %+v", got)
	}
}

// TestOtherKey: rows of another key are not shown, survive every save, and
// nothing secret is logged.
func TestOtherKey(t *testing.T) {
	below := memdb.New()
	if err := below.CreateImage(t.Context(), image(opensslVector)); err != nil {
		t.Fatal(err)
	}
	before := rowsOf(t, below)
	var log bytes.Buffer
	second := open(t, below, "another key of 24 chars.", slog.New(slog.NewTextHandler(&log, nil)))
	if got := rowsOf(t, second); len(got) != 0 {
		t.Errorf("shown: %+v", got)
	}
	change(t, second, func(img *glance.Image) {
		img.Locations = append(img.Locations, glance.Location{URL: "file:///new", Metadata: map[string]any{}})
	})
	after := rowsOf(t, below)
	if len(after) != 2 || after[0].URL != before[0].URL {
		t.Errorf("rows: %+v", after)
	}
	for _, text := range []string{"another key", secret, before[0].URL} {
		if strings.Contains(log.String(), text) {
			t.Errorf("the log shows %s: %s", text, log.String())
		}
	}
	if !strings.Contains(log.String(), id) {
		t.Error("nobody hears of the row")
	}
}

func FuzzOpen(f *testing.F) {
	key, err := sealed.NewKey(secret)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "====", opensslVector, key.Seal(plain), strings.Repeat("A", 64), plain} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := key.Open(text)
		if err != nil {
			return
		}
		if again, err := key.Open(key.Seal(opened)); again != opened || err != nil {
			t.Errorf("%q opened as %q, %v", opened, again, err)
		}
	})
}
