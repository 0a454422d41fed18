package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	aws3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"glance/internal/store"
	"glance/internal/store/s3"
	"glance/internal/store/storetest"
)

// fake starts a server in this process.
func fake(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	return server
}

// config is a store on a server, with the smallest sizes there may be.
func config(url string) s3.Config {
	return s3.Config{
		Host: url, AccessKey: "access", SecretKey: "se/cret", Bucket: "images", CreateBucket: true,
		LargeObjectSize: 7, ChunkSize: 5, ThreadPools: 3,
	}
}

func open(t testing.TB, cfg s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// client asks a server about what no driver tells.
func client(cfg s3.Config) *aws3.Client {
	return aws3.New(aws3.Options{
		BaseEndpoint: &cfg.Host, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cfg.AccessKey, SecretAccessKey: cfg.SecretKey}, nil
		}),
	})
}

// names lists the objects and the uploads in parts that there are.
func names(t *testing.T, cfg s3.Config) (list []string) {
	t.Helper()
	c := client(cfg)
	objects, err := c.ListObjects(t.Context(), &aws3.ListObjectsInput{Bucket: &cfg.Bucket})
	if err != nil {
		if s3.Missing(err) {
			return nil
		}
		t.Fatal(err)
	}
	for _, o := range objects.Contents {
		list = append(list, *o.Key)
	}
	uploads, err := c.ListMultipartUploads(t.Context(), &aws3.ListMultipartUploadsInput{Bucket: &cfg.Bucket})
	if err != nil && !s3.Missing(err) {
		t.Fatal(err)
	}
	if err == nil {
		for _, u := range uploads.Uploads {
			list = append(list, *u.Key+" in parts")
		}
	}
	return list
}

func fixture(t *testing.T, cfg s3.Config) storetest.Fixture {
	t.Helper()
	return storetest.Fixture{
		Driver:  open(t, cfg),
		Foreign: "swift://elsewhere/1",
		Names:   func(t *testing.T) []string { return names(t, cfg) },
	}
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fixture(t, config(fake(t).URL)) })
}

// TestSuiteStreams has images that fit into no part and are sent as one stream.
func TestSuiteStreams(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		cfg := config(fake(t).URL)
		cfg.LargeObjectSize = 100
		return fixture(t, cfg)
	})
}

// TestSuiteChecksums has checksums wherever there may be some.
func TestSuiteChecksums(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		cfg := config(fake(t).URL)
		cfg.Integrity, cfg.RequestChecksums, cfg.ResponseChecksums = true, "when_supported", "when_supported"
		return fixture(t, cfg)
	})
}

func upload(size int64) store.Upload {
	return store.Upload{ImageID: rand.Text(), Attempt: rand.Text(), Size: size}
}

// roundTrip stores data and reads it again.
func roundTrip(t *testing.T, s *s3.Store, data []byte) {
	t.Helper()
	object, err := s.Put(t.Context(), upload(int64(len(data))), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	wantData(t, s, object.URL, data)
}

func wantData(t *testing.T, s *s3.Store, url string, want []byte) {
	t.Helper()
	data, err := s.Open(t.Context(), url, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if got, err := io.ReadAll(data); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}
