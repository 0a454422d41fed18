package golden

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Generator describes a body by a rule instead of its bytes; exactly one of Zero, Random and Sparse is there.
type Generator struct {
	Zero   *int64 `json:"zero"`   // so many zero bytes
	Random *int64 `json:"random"` // so many bytes of RandomReader(Seed)
	Seed   int64  `json:"seed"`
	Sparse *int64 `json:"sparse"` // so many zero bytes, Parts written over
	Parts  []Part `json:"parts"`
}

// Part is recorded as [offset, base64].
type Part struct {
	Offset int64
	Data   []byte
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Part) UnmarshalJSON(data []byte) error {
	pair := []any{&p.Offset, &p.Data}
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("part %.40s is not [offset, base64]", data)
	}
	return nil
}

// Bytes makes the body.
func (g *Generator) Bytes() ([]byte, error) {
	switch {
	case g.Zero != nil:
		return make([]byte, *g.Zero), nil
	case g.Random != nil:
		return io.ReadAll(io.LimitReader(RandomReader(g.Seed), *g.Random))
	case g.Sparse == nil:
		return nil, fmt.Errorf("a generator of nothing")
	}
	data := make([]byte, *g.Sparse)
	for _, p := range g.Parts {
		if p.Offset < 0 || p.Offset+int64(len(p.Data)) > int64(len(data)) {
			return nil, fmt.Errorf("part at %d is outside of %d bytes", p.Offset, len(data))
		}
		copy(data[p.Offset:], p.Data)
	}
	return data, nil
}

// RandomReader is the endless sequence sha256("seed:0") sha256("seed:1") …
func RandomReader(seed int64) io.Reader {
	return &randomReader{prefix: strconv.FormatInt(seed, 10) + ":"}
}

type randomReader struct {
	prefix string
	next   int64
	rest   bytes.Reader
}

func (r *randomReader) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		block := sha256.Sum256([]byte(r.prefix + strconv.FormatInt(r.next, 10)))
		r.rest.Reset(block[:])
		r.next++
	}
	return r.rest.Read(p)
}
