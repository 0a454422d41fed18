package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"glance/internal/clienttls"
	"glance/internal/config"
	"glance/internal/policy"
)

const maxVerdict = 64 << 10 // bytes; the word is True

// policyPost asks the servers of http: and https: checks (spec config §4.4).
// What they answer counts whatever its status, as in the original.
func policyPost(opt *config.Policy) (policy.Post, error) {
	transport, err := remoteTLS(opt).Transport()
	if err != nil {
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

// remoteTLS. Compat: servers are not verified unless remote_ssl_verify_server_crt
// says so, and their authorities do not matter then.
func remoteTLS(opt *config.Policy) clienttls.Files {
	files := clienttls.Files{
		Cert:     clienttls.File{Option: "remote_ssl_client_crt_file", Path: opt.RemoteClientCert},
		Key:      clienttls.File{Option: "remote_ssl_client_key_file", Path: opt.RemoteClientKey},
		Insecure: !opt.RemoteVerify,
	}
	if opt.RemoteVerify {
		files.CA = clienttls.File{Option: "remote_ssl_ca_crt_file", Path: opt.RemoteCAFile}
	}
	return files
}
