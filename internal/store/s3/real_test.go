//go:build services

package s3_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"glance/internal/store/s3"
	"glance/internal/store/storetest"
)

// The version is also in test/services/run, which builds it.
const gateway = "glance-tools/versitygw-v1.8.0/versitygw"

const readyLimit = time.Minute

// real starts a real server on a directory of its own.
func real(t *testing.T, scheme string, args ...string) s3.Config {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(cache, gateway)
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("test/services/run builds it: %v", err)
	}
	address := freeAddress(t)
	cfg := config(scheme + "://" + address)
	cfg.AccessKey, cfg.SecretKey = "test", "test/secret"
	args = append([]string{"--port", address, "--quiet"}, append(args, "posix", t.TempDir())...)
	server := exec.Command(program, args...) //nolint:gosec // a program of ours
	server.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+cfg.AccessKey, "ROOT_SECRET_KEY="+cfg.SecretKey)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", &said)
		}
	})
	limit := time.Now().Add(readyLimit)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return cfg
		}
		if time.Now().After(limit) {
			t.Fatalf("the server is not there: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestRealS3 runs the suite against a real server; every store has a bucket of
// its own.
func TestRealS3(t *testing.T) {
	cfg := real(t, "http")
	for name, change := range map[string]func(c *s3.Config){
		"parts":   func(*s3.Config) {},
		"streams": func(c *s3.Config) { c.LargeObjectSize = 100 },
		"checksums": func(c *s3.Config) {
			c.Integrity, c.RequestChecksums, c.ResponseChecksums = true, "when_supported", "when_supported"
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Fixture {
				own := cfg
				own.Bucket = "b" + strings.ToLower(rand.Text())
				change(&own)
				return fixture(t, own)
			})
		})
	}
}

// TestRealTLS asks a server with a certificate that only s3_store_cacert knows.
func TestRealTLS(t *testing.T) {
	cert, key := certificate(t)
	cfg := real(t, "https", "--cert", cert, "--key", key)
	if _, err := open(t, cfg).Put(t.Context(), upload(1), strings.NewReader("x")); err == nil {
		t.Error("an unknown certificate was trusted")
	}
	cfg.CACert, cfg.LargeObjectSize = cert, 20
	s := open(t, cfg)
	for _, size := range []int{1, 9 * 1 << 20, 21 * 1 << 20} { // whole, as a stream, in parts
		roundTrip(t, s, storetest.Noise(size))
	}
}

// certificate makes one for the loopback address that signs itself.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

// TestBesideOriginal: the original's driver reads and deletes what ours wrote,
// and the other way round.
func TestBesideOriginal(t *testing.T) {
	cfg := real(t, "http")
	s := open(t, cfg)
	for _, size := range []int{5, 12 << 20} {
		data := storetest.Noise(size)
		object, err := s.Put(t.Context(), upload(int64(size)), bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		withKeys := strings.Replace(object.URL, "://", "://"+cfg.AccessKey+":"+cfg.SecretKey+"@", 1) // it has no others
		if got := original(t, cfg, nil, "get", withKeys); !bytes.Equal(got, data) {
			t.Errorf("it reads %d bytes of %d", len(got), size)
		}
		original(t, cfg, nil, "delete", withKeys)

		url := string(original(t, cfg, data, "add", upload(0).ImageID, len(data)))
		if !strings.Contains(url, "@") || !s.Owns(url) {
			t.Errorf("its URL is %s", url)
		}
		wantData(t, s, url, data)
		if err := s.Delete(t.Context(), url); err != nil {
			t.Error(err)
		}
	}
	if left := names(t, cfg); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// original calls the original's driver.
func original(t *testing.T, cfg s3.Config, data []byte, words ...any) []byte {
	t.Helper()
	args := []string{"testdata/original.py", cfg.Host, cfg.AccessKey, cfg.SecretKey, cfg.Bucket}
	for _, w := range words {
		args = append(args, fmt.Sprint(w))
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", args...)
	cmd.Stdin = bytes.NewReader(data)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", words, err, &said)
	}
	return out
}
