package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// authority signs the certificates of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.sign(1, true)
	return a
}

func (a *authority) sign(serial int64, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, IsCA: isCA, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, parentKey := a.cert, a.key
	if parent == nil {
		parent, parentKey = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) pair(serial int64) (certPEM, keyPEM []byte) {
	a.t.Helper()
	cert, key := a.sign(serial, false)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

// client trusts the authority and opens a connection per request.
func (a *authority) client(certs ...tls.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certs},
	}}
}

// TestTLS: the server speaks TLS; a renewed certificate is served after a
// reload, a pair that does not match is refused, and with ca_file only clients
// with a certificate are served.
func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	install := func(serial int64) {
		cert, key := a.pair(serial)
		writeFile(t, dir+"/cert.pem", "%s", cert)
		writeFile(t, dir+"/key.pem", "%s", key)
	}
	install(10)
	settings := "cert_file = " + dir + "/cert.pem\nkey_file = " + dir + "/key.pem\n"
	p, conf := startMemory(t, dir, settings)
	serial := func() int64 {
		t.Helper()
		resp, err := a.client().Get(p.url + "/v2/images")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 1 {
			t.Errorf("%s %s", resp.Proto, resp.Status)
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 10 {
		t.Errorf("certificate %d", n)
	}
	id := p.createImage(a.client())
	install(11)
	if n := serial(); n != 10 {
		t.Errorf("before the reload: certificate %d", n)
	}
	p.reload(reloadedLine)
	if n := serial(); n != 11 {
		t.Errorf("after the reload: certificate %d", n)
	}
	_, wrong := a.pair(12)
	writeFile(t, dir+"/key.pem", "%s", wrong)
	p.reload(refusedLine)
	if n := serial(); n != 11 {
		t.Errorf("after a reload that failed: certificate %d", n)
	}

	install(13)
	writeFile(t, dir+"/ca.pem", "%s", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	writeFile(t, conf, memoryConfig, dir, 0, settings+"ca_file = "+dir+"/ca.pem")
	p.reload(reloadedLine)
	if resp, err := a.client().Get(p.url + "/"); err == nil {
		_ = resp.Body.Close()
		t.Error("a client without a certificate is served")
	}
	certPEM, keyPEM := a.pair(20)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	if status := p.get(a.client(cert), "/v2/images/"+id); status != http.StatusOK {
		t.Errorf("a client with a certificate: status %d", status)
	}
	p.stop()
}
