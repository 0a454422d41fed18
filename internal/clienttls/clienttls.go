package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// File is a path and the option it was given by. An empty Path is no file.
type File struct{ Option, Path string }

// Files are what a client needs to know about TLS.
type Files struct {
	CA       File // the authorities to trust, in PEM; none: those of the system
	Cert     File // what the client shows of itself, in PEM; none: nothing
	Key      File // the key of Cert; none: it is in the file of Cert. Without Cert it is ignored
	Insecure bool // servers are not verified
}

// Config reads the files.
func (f Files) Config() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.Insecure} //nolint:gosec // the operator's choice
	if f.CA.Path != "" {
		pem, err := os.ReadFile(f.CA.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.CA.Option, err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s has no certificate", f.CA.Option, f.CA.Path)
		}
	}
	if f.Cert.Path != "" {
		pair, err := f.pair()
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

// pair tells which of the two files is at fault, as far as one can be.
func (f Files) pair() (tls.Certificate, error) {
	cert, err := os.ReadFile(f.Cert.Path)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", f.Cert.Option, err)
	}
	key := cert
	if f.Key.Path != "" {
		if key, err = os.ReadFile(f.Key.Path); err != nil {
			return tls.Certificate{}, fmt.Errorf("%s: %w", f.Key.Option, err)
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s, %s: %w", f.Cert.Option, f.Key.Option, err)
	}
	return pair, nil
}

// Transport is the default one of HTTP, with proxies from the environment, but
// with these files.
func (f Files) Transport() (*http.Transport, error) {
	usual, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport of HTTP was replaced")
	}
	conf, err := f.Config()
	if err != nil {
		return nil, err
	}
	own := usual.Clone()
	own.TLSClientConfig = conf
	return own, nil
}
