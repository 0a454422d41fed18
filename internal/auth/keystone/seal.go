package keystone

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
)

// sealer protects what is stored in memcached: whoever can write there could
// otherwise make anybody an administrator. Every sealed value is bound to its
// token, so that values cannot be exchanged.
type sealer interface {
	seal(k key, plain []byte) []byte
	open(k key, sealed []byte) (plain []byte, ok bool)
}

// newSealer makes the sealer of memcache_security_strategy; Config.check knows
// the names.
func newSealer(strategy, secret string) (sealer, error) {
	strategy = strings.ToUpper(strategy)
	secretKey, err := hkdf.Key(sha256.New, []byte(secret), nil, "glance token cache "+strategy, sha256.Size)
	if err != nil {
		return nil, err
	}
	switch strategy {
	case "MAC":
		return mac(secretKey), nil
	case "ENCRYPT":
		block, err := aes.NewCipher(secretKey)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		return crypt{aead}, err
	default:
		return open{}, nil
	}
}

type open struct{}

func (open) seal(_ key, plain []byte) []byte          { return plain }
func (open) open(_ key, sealed []byte) ([]byte, bool) { return sealed, true }

// mac puts an HMAC-SHA256 of key and value before the value.
type mac []byte

func (m mac) sum(k key, plain []byte) []byte {
	h := hmac.New(sha256.New, m)
	h.Write(k[:])
	h.Write(plain)
	return h.Sum(nil)
}

func (m mac) seal(k key, plain []byte) []byte { return append(m.sum(k, plain), plain...) }

func (m mac) open(k key, sealed []byte) ([]byte, bool) {
	if len(sealed) < sha256.Size {
		return nil, false
	}
	sum, plain := sealed[:sha256.Size], sealed[sha256.Size:]
	return plain, hmac.Equal(sum, m.sum(k, plain))
}

// crypt is AES-256-GCM; the key goes in as additional data.
type crypt struct{ aead cipher.AEAD }

func (c crypt) seal(k key, plain []byte) []byte { return c.aead.Seal(nil, nil, plain, k[:]) }

func (c crypt) open(k key, sealed []byte) ([]byte, bool) {
	plain, err := c.aead.Open(nil, nil, sealed, k[:])
	return plain, err == nil
}
