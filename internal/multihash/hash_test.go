package multihash_test

import (
	"encoding/hex"
	"testing"

	"glance/internal/multihash"
)

// The sums were made with hashlib.new(name, b"glance").hexdigest().
var sums = map[string]string{
	"md5":        "ffb5ff6434d711e517b939faf00d331c",
	"sha1":       "0a6ca81d300dbabb82140c80e76039139ef86644",
	"sha224":     "9634b178635e362034be4098160129c8b0b9e6c44c05c7e3d65d68f7",
	"sha256":     "e776a070909341e9f27fd82968a85025f1d944f5bacdbd29e700f74d8a1c39ce",
	"sha384":     "2e7fe428b3988bf6f418226d7b68d9733e7b62108bae4ff83d3f44b04d20c1e9b64cfb72f99f9f20188d07020cd4bc79",
	"sha512":     "617b64671fca5f1aab1b7ac24f4f2d9715cdc2a2e495d3f317f8e0e32f49bb863810fe77535f64b250d393dd3f6155796a1a4b5942d9305fdba8f0dc75a09485",
	"sha512_224": "d8c4ec7ef8e39a7756f033adf6eb5170a91910af252ba7dd583afe54",
	"sha512_256": "0c81ecdb9c6a8ad6145c18c681a35799bc557ea724f6364651326cde4bd3d4ba",
	"sha3_224":   "25de01f281cc6787985680613b9f516b87589816c5260e611f3f9196",
	"sha3_256":   "a45a60f70660d8d21572fe3ea3ecd191503a41be40a390006df8108bcd44b3ab",
	"sha3_384":   "fc49d43307c828121c251918bee3aff1a83f4312827cc7c3f6078b7945c7c259306c04089ef17abcafa7cb2ff38d70ef",
	"sha3_512":   "85eefb399c3a7594d39297f2d4afef49b41c07f64cd03a337bf466d082060a0d1404567d7f6d07c80857b2cf0da849db6261354b35779c51438fe21a7783f931",
	"blake2b":    "75409eaaeec6963c9341798d5cd29645a7a38f858326c72da014538a3dd51b603a2ce0d57e8e2a85ceafeb26a6951d18d7fa04e1dbd4f17b6ad80b50c4248a2a",
	"blake2s":    "621f97005ec4ecbda571afafa082b50e63ba6b2176cd2d140ef0a64642870fbc",
}

func TestNew(t *testing.T) {
	for name, want := range sums {
		h, err := multihash.New(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h.Write([]byte("glance"))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestNewUnknown(t *testing.T) {
	for _, name := range []string{"", "sha-512", "SHA512", "shake_128", "crc32"} {
		_, err := multihash.New(name)
		if want := "Unknown hashing algorithm identifier: " + name; err == nil || err.Error() != want {
			t.Errorf("%q: got error %v, want %q", name, err, want)
		}
	}
}
