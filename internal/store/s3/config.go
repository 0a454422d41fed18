package s3

import (
	"fmt"
	"log/slog"
	"strings"

	"glance/internal/store"
)

// Config holds the options of a store of type s3.
type Config struct {
	Host            string `ini:"s3_store_host" help:"Where the S3 server is: http://host:port, https://host:port, or a bare host, which means http."`
	Region          string `ini:"s3_store_region_name" default:"" help:"Region of the server; empty means that of a known host of Amazon, or us-east-1."`
	AccessKey       string `ini:"s3_store_access_key" secret:"true" help:"Access key of the user that images belong to."`
	SecretKey       string `ini:"s3_store_secret_key" secret:"true" help:"Secret key of that user."`
	Bucket          string `ini:"s3_store_bucket" help:"Bucket for images."`
	CreateBucket    bool   `ini:"s3_store_create_bucket_on_put" default:"false" help:"Make the bucket when it is missing."`
	URLFormat       string `ini:"s3_store_bucket_url_format" default:"auto" help:"Where the bucket stands in requests: virtual (in the host), path, or auto: in the host on Amazon's servers only."`
	LargeObjectSize int64  `ini:"s3_store_large_object_size" default:"100" help:"MiB from which on an image is uploaded in parts."`
	ChunkSize       int64  `ini:"s3_store_large_object_chunk_size" default:"10" help:"MiB of a part, at least 5."`
	ThreadPools     int    `ini:"s3_store_thread_pools" default:"10" help:"Parts that are uploaded at the same time."`
	CACert          string `ini:"s3_store_cacert" default:"" help:"File of certificate authorities that the server is verified with."`

	Integrity         bool   `ini:"s3_store_enable_data_integrity_protection" default:"false" help:"Send and verify checksums, as the next two options say."`
	RequestChecksums  string `ini:"s3_store_request_checksum_calculation" default:"when_required" choices:"when_required,when_supported" help:"When to send checksums."`
	ResponseChecksums string `ini:"s3_store_response_checksum_validation" default:"when_required" choices:"when_required,when_supported" help:"When to verify checksums."`
}

const (
	mib          = 1 << 20
	minChunkSize = 5 // MiB; what S3 demands of parts
	maxParts     = 10_000
)

// Store is an open store of objects.
type Store struct {
	cfg    Config
	place  location // of the images; key is empty
	conn   connection
	blocks blockPool
	spare  chan struct{} // see slots
	locks  keyLocks
	log    *slog.Logger
}

// Open checks the options; nothing is contacted. A *store.BadConfig comes with
// a Store that cannot be written, and read as far as the options allow.
func Open(cfg Config, log *slog.Logger) (*Store, error) {
	s := &Store{cfg: cfg, log: log}
	s.place = location{scheme: "s3", host: cfg.Host, bucket: cfg.Bucket}
	if strings.HasPrefix(cfg.Host, "https://") {
		s.place.scheme = "s3+https"
	}
	s.place.host = bareHost(cfg.Host)
	s.spare = make(chan struct{}, max(cfg.ThreadPools-1, 0))
	conn, connErr := connect(cfg)
	s.conn = conn
	if err := complete(cfg); err != nil {
		return s, err
	}
	return s, connErr
}

// complete checks what only writing needs.
func complete(cfg Config) error {
	for _, required := range []struct{ option, value string }{
		{"s3_store_host", cfg.Host},
		{"s3_store_access_key", cfg.AccessKey},
		{"s3_store_secret_key", cfg.SecretKey},
		{"s3_store_bucket", cfg.Bucket},
	} {
		if required.value == "" {
			return bad("Could not find %s in configuration options.", required.option)
		}
	}
	switch {
	case cfg.LargeObjectSize <= 0:
		return bad("Could not find s3_store_large_object_size in configuration options.") // Compat: 0 is taken for nothing
	case cfg.ChunkSize < minChunkSize:
		return bad("s3_store_large_object_chunk_size must be at least %d MB.", minChunkSize)
	case cfg.ThreadPools <= 0:
		return bad("s3_store_thread_pools must be a positive integer. %d", cfg.ThreadPools)
	}
	return nil
}

func bad(format string, args ...any) error {
	return &store.BadConfig{Store: "s3", Reason: fmt.Sprintf(format, args...)}
}

// Info describes the store.
func (s *Store) Info() store.Info {
	return store.Info{
		Type: "s3", Schemes: []string{"s3", "s3+http", "s3+https"}, RandomRead: true,
		Properties: map[string]any{
			"s3_store_large_object_size":       s.cfg.LargeObjectSize * mib,
			"s3_store_large_object_chunk_size": s.cfg.ChunkSize * mib,
			"s3_store_thread_pools":            s.cfg.ThreadPools,
		},
	}
}
