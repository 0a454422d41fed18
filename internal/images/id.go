package images

import (
	"crypto/rand"
	"encoding/hex"
)

// newID makes a random UUID of version 4, in lower case.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it would have ended the program
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// NewID makes a random UUID of version 4, in lower case.
func NewID() string { return newID() }
