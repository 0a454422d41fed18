package replicate

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"glance/internal/glance"
	"glance/internal/multihash"
)

// verified passes on data of an image, the last bytes only when size and hash
// are those of its description. Without a size in the description it is the end
// that is kept back.
type verified struct {
	src   io.Reader
	sized bool
	left  int64     // of a size that is known
	sum   hash.Hash // nil: none is known
	want  string
	done  bool
	err   error // of src, or what is wrong with its data
}

// verify reads the data of an image.
func verify(img Image, src io.Reader) *verified {
	v := &verified{src: src, sized: img["size"] != nil, left: img.size()}
	v.sum, v.want = img.hash()
	return v
}

// hash is a new hash of the best kind that a description names, and its value.
func (i Image) hash() (hash.Hash, string) {
	if value := i.text("os_hash_value"); value != "" {
		if sum, err := multihash.New(i.text("os_hash_algo")); err == nil {
			return sum, value
		}
	}
	if value := i.text("checksum"); value != "" {
		if sum, err := multihash.New("md5"); err == nil {
			return sum, value
		}
	}
	return nil, ""
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.src.Read(p)
	v.left -= int64(n)
	if v.sum != nil {
		v.sum.Write(p[:n]) // a hash takes everything
	}
	switch {
	case v.sized && v.left < 0:
		return v.fail("there is more data than the description says")
	case v.sized && v.left > 0 && err == io.EOF:
		return v.fail("%d bytes of the data are missing", v.left)
	case !v.done && (v.sized && v.left == 0 || err == io.EOF):
		v.done = true
		if v.sum != nil && hex.EncodeToString(v.sum.Sum(nil)) != v.want {
			return v.fail("the data does not have the hash of the description")
		}
	}
	if err != nil && err != io.EOF {
		v.err = err
	}
	return n, err
}

func (v *verified) fail(format string, args ...any) (int, error) {
	v.err = glance.Errorf(glance.Invalid, "%s", fmt.Sprintf(format, args...))
	return 0, v.err
}
