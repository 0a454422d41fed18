package s3_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/s3"
)

func TestOwns(t *testing.T) {
	s := open(t, config("http://s3.example:9000/"))
	for url, want := range map[string]bool{
		"s3://s3.example:9000/images/1":                        true,
		"s3+http://s3.example:9000/images/1":                   true,
		"s3://access:se/cret@s3.example:9000/images/1":         true, // as the original writes it
		"s3://other:key@s3.example:9000/images/1":              true,
		"s3+https://s3.example:9000/images/1":                  false,
		"s3://s3.example/images/1":                             false,
		"s3://s3.example:9000/others/1":                        false,
		"s3://s3.example:9000/x/images/1":                      false,
		"s3://s3.example:9000/images":                          false,
		"s3://access:secret@http://s3.example:9000/images/1":   false,
		"s3://access@s3.example:9000/images/1":                 false,
		"s3://a:b@c:d@s3.example:9000/images/1":                false,
		"swift://s3.example:9000/images/1":                     false,
		"s3:/s3.example:9000/images/1":                         false,
		"s3://access:secret@s3.example:9000/images/images/../": false,
	} {
		if got := s.Owns(url); got != want {
			t.Errorf("%s: got %v", url, got)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, url := range []string{"s3://a:b/c@host:1/path/bucket/key", "s3+https://host/bucket/key", "s3://@/", "s3://:@//"} {
		f.Add(url)
	}
	s := open(f, config("https://host/path"))
	f.Fuzz(func(t *testing.T, url string) {
		if s.Owns(url) && !strings.HasPrefix(url, "s3+https://") {
			t.Error("it is not one of this store")
		}
	})
}

func TestBadConfig(t *testing.T) {
	change := func(f func(c *s3.Config)) s3.Config {
		c := config("http://host")
		f(&c)
		return c
	}
	for reason, cfg := range map[string]s3.Config{
		"Could not find s3_store_host in configuration options.":                                           change(func(c *s3.Config) { c.Host = "" }),
		"Could not find s3_store_access_key in configuration options.":                                     change(func(c *s3.Config) { c.AccessKey = "" }),
		"Could not find s3_store_secret_key in configuration options.":                                     change(func(c *s3.Config) { c.SecretKey = "" }),
		"Could not find s3_store_bucket in configuration options.":                                         change(func(c *s3.Config) { c.Bucket = "" }),
		"Could not find s3_store_large_object_size in configuration options.":                              change(func(c *s3.Config) { c.LargeObjectSize = 0 }),
		"s3_store_large_object_chunk_size must be at least 5 MB.":                                          change(func(c *s3.Config) { c.ChunkSize = 4 }),
		"s3_store_thread_pools must be a positive integer. 0":                                              change(func(c *s3.Config) { c.ThreadPools = 0 }),
		"s3_store_cacert: open /none: no such file or directory":                                           change(func(c *s3.Config) { c.CACert = "/none" }),
		"the bucket My_Images cannot stand in a host name: s3_store_bucket_url_format must not be virtual": change(func(c *s3.Config) { c.Bucket, c.URLFormat = "My_Images", "virtual" }),
		`s3_store_bucket_url_format must be auto, virtual or path, not "both"`:                             change(func(c *s3.Config) { c.URLFormat = "both" }),
	} {
		s, err := s3.Open(cfg, slog.New(slog.DiscardHandler))
		var bad *store.BadConfig
		if !errors.As(err, &bad) || bad.Store != "s3" || bad.Reason != reason {
			t.Errorf("got error %v, want %s", err, reason)
		}
		if s == nil {
			t.Errorf("%s: no store", reason)
		}
	}
}

// TestNoWay is a store that cannot even be asked: it answers, clearly.
func TestNoWay(t *testing.T) {
	cfg := config("")
	s, err := s3.Open(cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatal("it opened")
	}
	_, err = s.Open(t.Context(), "s3://a:b@host/bucket/key", 0)
	if glance.KindOf(err) != glance.Unavailable {
		t.Errorf("Open: got error %v", err)
	}
	_, err = s.Put(t.Context(), store.Upload{ImageID: "i", Attempt: "a"}, strings.NewReader(""))
	if glance.KindOf(err) != glance.Gone {
		t.Errorf("Put: got error %v", err)
	}
}
