package app

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"glance/internal/config"
)

// serverTLS is the encryption of a listener, and what it was made of, to tell
// whether a reload finds the same.
type serverTLS struct {
	conf *tls.Config // nil: none
	sum  [sha256.Size]byte
}

// loadTLS reads cert_file, key_file and ca_file. With ca_file only clients with
// a certificate of those authorities are served. When the files hold what they
// held, the result is before: connections need not change over.
func loadTLS(opt *config.Listen, before serverTLS) (serverTLS, error) {
	if opt.CertFile == "" && opt.KeyFile == "" {
		return serverTLS{}, nil
	}
	if opt.CertFile == "" || opt.KeyFile == "" {
		return serverTLS{}, config.Fail(config.CodeFailure, errors.New(
			"When running server in SSL mode, you must specify both a cert_file and key_file option value in your configuration file"))
	}
	next := serverTLS{conf: &tls.Config{MinVersion: tls.VersionTLS12}}
	hash := sha256.New()
	read := func(option, path string) ([]byte, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			var why *os.PathError
			errors.As(err, &why)
			return nil, config.Fail(config.CodeFailure, fmt.Errorf("Unable to find %s : %s (%w)", option, path, why.Err))
		}
		_, _ = fmt.Fprintf(hash, "%s %d\n", option, len(text)) // a hash takes everything
		hash.Write(text)
		return text, nil
	}
	cert, err := read("cert_file", opt.CertFile)
	if err != nil {
		return serverTLS{}, err
	}
	key, err := read("key_file", opt.KeyFile)
	if err != nil {
		return serverTLS{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return serverTLS{}, config.Fail(config.CodeFailure, fmt.Errorf(
			"There is a problem with your key pair.  Please verify that cert %s and key %s belong together.  Error: %w", opt.CertFile, opt.KeyFile, err))
	}
	next.conf.Certificates = []tls.Certificate{pair}
	if opt.CAFile != "" {
		ca, err := read("ca_file", opt.CAFile)
		if err != nil {
			return serverTLS{}, err
		}
		next.conf.ClientAuth, next.conf.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if !next.conf.ClientCAs.AppendCertsFromPEM(ca) {
			return serverTLS{}, config.Fail(config.CodeFailure, fmt.Errorf("ca_file %s has no certificate", opt.CAFile))
		}
	}
	if hash.Sum(next.sum[:0]); before.conf != nil && next.sum == before.sum {
		return before, nil
	}
	return next, nil
}
