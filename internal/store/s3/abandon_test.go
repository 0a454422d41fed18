package s3_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	aws3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/storetest"
)

// TestAbandonParts: of an attempt that died with parts on their way nothing
// stays, of others everything.
func TestAbandonParts(t *testing.T) {
	cfg := config(fake(t).URL)
	s := open(t, cfg)
	up := store.Upload{ImageID: "image", Attempt: "died", Size: store.SizeUnknown}
	roundTrip(t, s, []byte("makes the bucket"))
	kept := names(t, cfg)

	// What the server holds while an upload waits for more data is what it holds
	// after that process has died.
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := s.Put(t.Context(), up, r)
		done <- err
	}()
	if _, err := w.Write(storetest.Noise(16 << 20)); err != nil { // more than three parts
		t.Fatal(err)
	}
	for _, want := range []string{"image in parts", "image.died.upload"} {
		if got := names(t, cfg); !slices.Contains(got, want) {
			t.Fatalf("%s is not among %q", want, got)
		}
	}
	other := up
	other.Attempt = "other"
	if err := s.Abandon(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if got := names(t, cfg); len(got) != len(kept)+2 {
		t.Errorf("another attempt's: left are %q", got)
	}
	if err := s.Abandon(t.Context(), up); err != nil {
		t.Fatal(err)
	}
	if got := names(t, cfg); !slices.Equal(got, kept) {
		t.Errorf("left are %q", got)
	}
	w.Close()
	if err := <-done; err == nil {
		t.Error("the upload succeeded")
	}
}

// TestAbandonUnnoted: a process died before it could note its upload.
func TestAbandonUnnoted(t *testing.T) {
	cfg := config(fake(t).URL)
	s := open(t, cfg)
	roundTrip(t, s, []byte("makes the bucket"))
	kept := names(t, cfg)
	key := "image"
	if _, err := client(cfg).CreateMultipartUpload(t.Context(), &aws3.CreateMultipartUploadInput{Bucket: &cfg.Bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	if err := s.Abandon(t.Context(), store.Upload{ImageID: key, Attempt: "died"}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, cfg); !slices.Equal(got, kept) {
		t.Errorf("left are %q", got)
	}
}

// TestAnswers classifies what a server says.
func TestAnswers(t *testing.T) {
	for code, want := range map[int]struct{ write, read glance.Kind }{
		http.StatusForbidden:           {glance.Unavailable, glance.Unavailable},
		http.StatusInsufficientStorage: {glance.TooLarge, glance.Unavailable},
		http.StatusBadRequest:          {glance.Internal, glance.Unavailable},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut || r.Method == http.MethodGet {
				w.WriteHeader(code)
			} else if strings.Count(r.URL.Path, "/") == 2 { // no object, but a bucket
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		s := open(t, config(server.URL))
		_, err := s.Put(t.Context(), upload(4), strings.NewReader("data"))
		if err == nil || glance.KindOf(err) != want.write {
			t.Errorf("%d: Put: got error %v (%v)", code, err, glance.KindOf(err))
		}
		_, err = s.Open(t.Context(), "s3://"+strings.TrimPrefix(server.URL, "http://")+"/images/1", 0)
		if err == nil || glance.KindOf(err) != want.read || strings.Contains(err.Error(), "se/cret") {
			t.Errorf("%d: Open: got error %v (%v)", code, err, glance.KindOf(err))
		}
		server.Close()
	}
}

// TestNoBucket: without leave to make it, the error says what to do.
func TestNoBucket(t *testing.T) {
	cfg := config(fake(t).URL)
	cfg.CreateBucket = false
	_, err := open(t, cfg).Put(t.Context(), upload(4), strings.NewReader("data"))
	want := "The bucket images does not exist in S3. Please set the s3_store_create_bucket_on_put option to add bucket to S3 automatically."
	if err == nil || err.Error() != want {
		t.Errorf("got error %v", err)
	}
}

// TestPanickingSource: nothing stays behind.
func TestPanickingSource(t *testing.T) {
	cfg := config(fake(t).URL)
	s := open(t, cfg)
	roundTrip(t, s, []byte("makes the bucket"))
	kept := names(t, cfg)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic got lost")
			}
		}()
		r := io.MultiReader(strings.NewReader(strings.Repeat("x", 11<<20)), panicking{})
		_, err := s.Put(t.Context(), upload(store.SizeUnknown), r)
		t.Error(errors.Join(errors.New("no panic"), err))
	}()
	if got := names(t, cfg); !slices.Equal(got, kept) {
		t.Errorf("left are %q", got)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("broken") }
