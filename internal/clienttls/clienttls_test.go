package clienttls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/clienttls"
)

func file(option, path string) clienttls.File { return clienttls.File{Option: option, Path: path} }

func write(t *testing.T, name string, blocks ...*pem.Block) string {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pair is a certificate that signs itself, and its key.
func pair(t *testing.T) (cert, key *pem.Block) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "CERTIFICATE", Bytes: der}, &pem.Block{Type: "EC PRIVATE KEY", Bytes: text}
}

// TestTransport asks a server that wants to know its clients.
func TestTransport(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(pem.EncodeToMemory(cert))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	server.StartTLS()
	t.Cleanup(server.Close)

	ca := file("ca", write(t, "ca", &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	apart, at := file("cert", write(t, "cert", cert)), file("key", write(t, "key", key))
	both := file("cert", write(t, "both", key, cert))
	for name, c := range map[string]struct {
		files  clienttls.Files
		served bool
	}{
		"all known":             {clienttls.Files{CA: ca, Cert: apart, Key: at}, true},
		"key with certificate":  {clienttls.Files{CA: ca, Cert: both}, true},
		"not verified":          {clienttls.Files{Cert: both, Insecure: true}, true},
		"not known to client":   {clienttls.Files{Cert: both}, false},
		"not known to server":   {clienttls.Files{CA: ca}, false},
		"key alone is not used": {clienttls.Files{CA: ca, Key: at}, false},
	} {
		transport, err := c.files.Transport()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answer, err := (&http.Client{Transport: transport}).Get(server.URL)
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != c.served {
			t.Errorf("%s: %v", name, err)
		}
		transport.CloseIdleConnections()
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	_, other := pair(t)
	certFile, keyFile := file("cert", write(t, "cert", cert)), file("key", write(t, "key", key))
	for want, files := range map[string]clienttls.Files{
		"ca: open /nonexistent":              {CA: file("ca", "/nonexistent")},
		"ca: " + keyFile.Path + " has no":    {CA: file("ca", keyFile.Path)},
		"cert: open /nonexistent":            {Cert: file("cert", "/nonexistent"), Key: keyFile},
		"key: open /nonexistent":             {Cert: certFile, Key: file("key", "/nonexistent")},
		"cert, key: tls: private key does":   {Cert: certFile, Key: file("key", write(t, "other", other))},
		"cert, key: tls: failed to find any": {Cert: file("cert", write(t, "none")), Key: keyFile},
	} {
		if conf, err := files.Config(); err == nil || conf != nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if transport, err := files.Transport(); err == nil || transport != nil {
			t.Errorf("a transport in spite of %s", want)
		}
	}
	conf, err := clienttls.Files{}.Config()
	if err != nil || conf.InsecureSkipVerify || conf.RootCAs != nil || conf.MinVersion != tls.VersionTLS12 {
		t.Errorf("%+v, %v", conf, err)
	}
}
