package multihash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
)

// New makes the hash of that name, as Python's hashlib spells it: md5, sha1,
// sha224, sha256, sha384, sha512, sha512_224, sha512_256, sha3_224, sha3_256,
// sha3_384, sha3_512, blake2b (512 bits) or blake2s (256 bits). The text of
// the error is the original's (spec stores §4.1).
func New(name string) (hash.Hash, error) {
	switch name {
	case "md5":
		return md5.New(), nil
	case "sha1":
		return sha1.New(), nil
	case "sha224":
		return sha256.New224(), nil
	case "sha256":
		return sha256.New(), nil
	case "sha384":
		return sha512.New384(), nil
	case "sha512":
		return sha512.New(), nil
	case "sha512_224":
		return sha512.New512_224(), nil
	case "sha512_256":
		return sha512.New512_256(), nil
	}
	return newer(name)
}

func newer(name string) (hash.Hash, error) {
	switch name {
	case "sha3_224":
		return sha3.New224(), nil
	case "sha3_256":
		return sha3.New256(), nil
	case "sha3_384":
		return sha3.New384(), nil
	case "sha3_512":
		return sha3.New512(), nil
	case "blake2b":
		return blake2b.New512(nil)
	case "blake2s":
		return blake2s.New256(nil)
	}
	return nil, fmt.Errorf("Unknown hashing algorithm identifier: %s", name)
}
