package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"glance/internal/config"
	"glance/internal/policy"
)

const maxVerdict = 64 << 10 // bytes; the word is True

// policyPost asks the servers of http: and https: checks (spec config §4.4).
// What they answer counts whatever its status, as in the original.
func policyPost(opt *config.Policy) (policy.Post, error) {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport of HTTP was replaced")
	}
	transport = transport.Clone()
	var err error
	if transport.TLSClientConfig, err = remoteTLS(opt); err != nil {
		return nil, err
	}
	client := http.Client{Transport: transport, Timeout: time.Duration(opt.RemoteTimeout * float64(time.Second))}
	return func(ctx context.Context, url, contentType string, body []byte) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", contentType)
		answer, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		return io.ReadAll(io.LimitReader(answer.Body, maxVerdict))
	}, nil
}

// remoteTLS. Compat: servers are not verified unless remote_ssl_verify_server_crt says so.
func remoteTLS(opt *config.Policy) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !opt.RemoteVerify} //nolint:gosec // the operator's choice
	if opt.RemoteVerify && opt.RemoteCAFile != "" {
		pem, err := os.ReadFile(opt.RemoteCAFile)
		if err != nil {
			return nil, fmt.Errorf("remote_ssl_ca_crt_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("remote_ssl_ca_crt_file: %s has no certificate", opt.RemoteCAFile)
		}
	}
	if opt.RemoteClientCert != "" {
		keyFile := opt.RemoteClientKey
		if keyFile == "" {
			keyFile = opt.RemoteClientCert
		}
		pair, err := tls.LoadX509KeyPair(opt.RemoteClientCert, keyFile)
		if err != nil {
			return nil, fmt.Errorf("remote_ssl_client_crt_file: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
