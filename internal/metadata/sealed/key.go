package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Key seals texts and opens them again.
type Key struct{ block cipher.Block }

// NewKey makes a key of 16, 24 or 32 bytes.
func NewKey(secret string) (Key, error) {
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		return Key{}, fmt.Errorf("a key to encrypt with has 16, 24 or 32 characters, not %d", len(secret))
	}
	return Key{block}, nil
}

// Seal encrypts a text, never twice in the same way.
func (k Key) Seal(text string) string {
	padding := aes.BlockSize - len(text)%aes.BlockSize // a zero byte and random ones
	sealed := make([]byte, aes.BlockSize+len(text)+padding)
	vector, body := sealed[:aes.BlockSize], sealed[aes.BlockSize:]
	_, _ = rand.Read(vector) // never fails: it would have ended the program
	copy(body, text)
	fillNonZero(body[len(text)+1:])
	cipher.NewCBCEncrypter(k.block, vector).CryptBlocks(body, body)
	return base64.URLEncoding.EncodeToString(sealed)
}

// fillNonZero fills b with random bytes but zero, which ends the text.
func fillNonZero(b []byte) {
	_, _ = rand.Read(b) // see Seal
	for i := range b {
		for b[i] == 0 {
			_, _ = rand.Read(b[i : i+1])
		}
	}
}

var (
	// errPlain is the error of a text that nobody has sealed.
	errPlain = errors.New("not encrypted")
	// errOtherKey is the error of one that this key does not open.
	errOtherKey = errors.New("not encrypted with this key")
)

// Open decrypts what Seal, or the original with padding to any number of
// blocks, made.
func (k Key) Open(sealed string) (string, error) {
	raw, err := base64.URLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < 2*aes.BlockSize || len(raw)%aes.BlockSize != 0 {
		return "", errPlain
	}
	body := raw[aes.BlockSize:]
	cipher.NewCBCDecrypter(k.block, raw[:aes.BlockSize]).CryptBlocks(body, body)
	end := bytes.LastIndexByte(body, 0)
	if end < 0 || !utf8.Valid(body[:end]) {
		return "", errOtherKey
	}
	return string(body[:end]), nil
}
