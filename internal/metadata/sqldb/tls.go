package sqldb

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"glance/internal/clienttls"
	"glance/internal/glance"
)

// mysqlTLS reads the keys ssl_*; nil when there is none. As with the
// original's driver, naming a CA means that certificate and host name are
// checked, unless ssl_verify_cert or ssl_verify_identity say otherwise;
// without a CA nothing is checked unless they ask for it.
func mysqlTLS(u URL) (*tls.Config, error) {
	q := u.Query
	ca, cert := q.Get("ssl_ca"), q.Get("ssl_cert")
	if isTrue(q.Get("ssl_disabled")) {
		return nil, nil
	}
	if ca == "" && cert == "" && !isTrue(q.Get("ssl_verify_cert")) && !isTrue(q.Get("ssl_verify_identity")) {
		return nil, nil
	}
	cfg, err := clienttls.Files{
		CA:   clienttls.File{Option: "ssl_ca", Path: ca},
		Cert: clienttls.File{Option: "ssl_cert", Path: cert},
		Key:  clienttls.File{Option: "ssl_key", Path: q.Get("ssl_key")},
	}.Config()
	if err != nil {
		return nil, glance.Because(glance.Invalid, err, "The files of ssl_ca, ssl_cert and ssl_key cannot be used.")
	}
	cfg.ServerName = u.Host
	identity := orDefault(q.Get("ssl_verify_identity"), q.Get("ssl_check_hostname"))
	checkChain := said(q.Get("ssl_verify_cert"), ca != "" || isTrue(identity))
	if checkChain && said(identity, ca != "") {
		return cfg, nil
	}
	cfg.InsecureSkipVerify = true
	if checkChain {
		cfg.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(cfg.RootCAs, state) }
	}
	return cfg, nil
}

// verifyChain checks a certificate but for the name in it.
func verifyChain(roots *x509.CertPool, state tls.ConnectionState) error {
	intermediates := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
	return err
}

func isTrue(text string) bool { return said(text, false) }

// said reads a boolean option that may be absent.
func said(text string, absent bool) bool {
	switch strings.ToLower(text) {
	case "":
		return absent
	case "1", "true", "yes", "on":
		return true
	}
	return false
}
