package rig

import (
	"io"
	"sync"
)

// Gate is a request body that stops somewhere and waits for the test.
type Gate struct {
	Reached chan struct{} // closed when everything before the gate was taken

	data   []byte
	at     int
	pos    int
	reach  sync.Once
	opened chan struct{}
	open   sync.Once
	err    error
}

// NewGate is a body of data that stops after at bytes.
func NewGate(data []byte, at int) *Gate {
	return &Gate{data: data, at: at, Reached: make(chan struct{}), opened: make(chan struct{})}
}

// Open lets the rest go.
func (g *Gate) Open() { g.Fail(nil) }

// Fail ends the body with an error instead: the client gives up and the
// connection is closed in the middle of the request.
func (g *Gate) Fail(err error) {
	g.open.Do(func() {
		g.err = err
		close(g.opened)
	})
}

func (g *Gate) Read(p []byte) (int, error) {
	end := len(g.data)
	if g.pos < g.at {
		end = g.at
	} else {
		g.reach.Do(func() { close(g.Reached) })
		<-g.opened
		if g.err != nil {
			return 0, g.err
		}
	}
	n := copy(p, g.data[g.pos:end])
	g.pos += n
	if g.pos == len(g.data) && n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
