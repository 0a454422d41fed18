package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

const mib = 1 << 20

// sending is an upload under way.
type sending struct {
	*rig.Gate
	done chan sent
}

type sent struct {
	answer *rig.Answer
	err    error
}

// begin starts to upload data up to a gate; length as in rig.Client.Call.
func begin(t *testing.T, n *rig.Node, id string, data []byte, gate int, length int64) *sending {
	t.Helper()
	s := &sending{Gate: rig.NewGate(data, gate), done: make(chan sent, 1)}
	t.Cleanup(s.Open)
	client := *n.Client // a node that starts again has another address
	ctx := context.WithoutCancel(t.Context())
	go func() {
		a, err := client.Upload(ctx, id, s.Gate, length)
		s.done <- sent{a, err}
	}()
	return s
}

// send is begin, and everything before the gate is on its way.
func send(t *testing.T, n *rig.Node, id string, data []byte, gate int, length int64) *sending {
	t.Helper()
	s := begin(t, n, id, data, gate, length)
	select {
	case <-s.Reached:
	case r := <-s.done:
		t.Fatalf("the upload ended early: %+v, %v", r.answer, r.err)
	}
	return s
}

// status wants the answer of the upload.
func (s *sending) status(t *testing.T, want int, text string) {
	t.Helper()
	r := <-s.done
	if r.err != nil {
		t.Fatalf("no answer: %v, want %d", r.err, want)
	}
	if r.answer.Status != want || !strings.Contains(string(r.answer.Body), text) {
		t.Errorf("got %d %s, want %d %s", r.answer.Status, r.answer.Body, want, text)
	}
}

func TestClientVanishes(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 6*mib)
	for name, length := range map[string]int64{"length": int64(len(data)), "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			id := n.NewImage(name)
			s := send(t, n, id, data, 4*mib, length)
			n.Await(id, "saving")
			n.AwaitData()
			s.Fail(errors.New("the client gives up"))
			if r := <-s.done; r.err == nil {
				t.Fatalf("an answer to half an upload: %+v", r.answer)
			}
			n.CheckUnharmed(id)
		})
	}
}

// rawUpload opens a connection and sends the head of an upload and some data.
func rawUpload(t *testing.T, n *rig.Node, id string, length int, data []byte) *net.TCPConn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(n.Base, "http://"))
	n.Must(err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "PUT /v2/images/%s/file HTTP/1.1\r\nHost: glance\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		id, rig.OctetStream, length)
	n.Must(err)
	_, err = conn.Write(data)
	n.Must(err)
	return conn.(*net.TCPConn)
}

func TestConnectionReset(t *testing.T) {
	n := rig.NewNode(t, programs())
	id := n.NewImage("reset")
	conn := rawUpload(t, n, id, 4*mib, rig.Random(1, 3*mib))
	n.Await(id, "saving")
	n.Must(conn.SetLinger(0))
	n.Must(conn.Close())
	n.CheckUnharmed(id)
}

func TestSilentClientIsCut(t *testing.T) {
	n := rig.NewNode(t, programs(), "client_socket_timeout = 1")
	id := n.NewImage("silent")
	conn := rawUpload(t, n, id, 4*mib, rig.Random(1, 2*mib))
	if _, err := io.Copy(io.Discard, conn); err != nil { // until the server closes it
		t.Logf("the connection ends with %v", err)
	}
	n.CheckUnharmed(id)
}

func TestWrongSize(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 2*mib)
	for name, tt := range map[string]struct {
		announced, text string
		status          int
	}{
		"too small": {"2097151", "Size exceeds: expected 2097151 bytes, got 2097152 bytes", 400},
		"too large": {"2097153", "Size mismatch: expected 2097153 bytes, got 2097152 bytes", 400},
		"no number": {"many", "Invalid or missing image size in request headers.", 400},
	} {
		for kind, length := range map[string]int64{"length": int64(len(data)), "chunked": -1} {
			t.Run(name+" "+kind, func(t *testing.T) {
				id := n.NewImage(name)
				header := http.Header{"Content-Type": {rig.OctetStream}, "X-Openstack-Image-Size": {tt.announced}}
				a, err := n.Call(t.Context(), http.MethodPut, "/v2/images/"+id+"/file", header, bytes.NewReader(data), length)
				n.Must(err)
				if a.Status != tt.status || !strings.Contains(string(a.Body), tt.text) {
					t.Errorf("got %d %s", a.Status, a.Body)
				}
				n.CheckUnharmed(id)
			})
		}
	}
}

func TestTooLarge(t *testing.T) {
	n := rig.NewNode(t, programs(), "image_size_cap = 1048576")
	data := rig.Random(1, 3*mib)
	for name, length := range map[string]int64{"length": int64(len(data)), "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			id := n.NewImage(name)
			a, err := n.Upload(t.Context(), id, bytes.NewReader(data), length)
			if err != nil || a.Status != http.StatusRequestEntityTooLarge {
				t.Errorf("got %+v, %v", a, err)
			}
			n.CheckUnharmed(id)
		})
	}
}

func TestWrongFormat(t *testing.T) {
	n := rig.NewNode(t, programs())
	backed := rig.QCOW2(1, 2*mib, 1<<30)
	copy(backed[8:], []byte{0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 11}) // a backing file
	for name, tt := range map[string]struct {
		format string
		data   []byte
		text   string
	}{
		"raw as qcow2":   {"qcow2", rig.Random(1, 2*mib), "Image disk_format qcow2 does not match stream data raw"},
		"qcow2 as iso":   {"iso", rig.QCOW2(1, 2*mib, 1<<30), "Image disk_format iso does not match stream data qcow2"},
		"unsafe backing": {"qcow2", backed, "Image failed safety checks"},
	} {
		t.Run(name, func(t *testing.T) {
			img := n.NewImageOf(name, tt.format)
			a, err := n.Upload(t.Context(), img.ID, bytes.NewReader(tt.data), int64(len(tt.data)))
			n.Must(err)
			if a.Status != http.StatusUnsupportedMediaType || !strings.Contains(string(a.Body), tt.text) {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			n.Await(img.ID, "queued")
			n.Check()
			good := map[string][]byte{"qcow2": rig.QCOW2(2, mib, 1<<30), "iso": rig.ISO(2, mib)}[tt.format]
			n.Must(n.Put(t.Context(), img.ID, good))
			n.CheckIs(img.ID, good)
		})
	}
}

func TestStoreMayNotBeWritten(t *testing.T) {
	n := rig.NewNode(t, programs())
	id := n.NewImage("no place")
	n.Must(os.Chmod(n.StoreDir(), 0o500))
	t.Cleanup(func() { n.Must(os.Chmod(n.StoreDir(), 0o700)) })
	data := rig.Random(1, 2*mib)
	a, err := n.Upload(t.Context(), id, bytes.NewReader(data), int64(len(data)))
	n.Must(err)
	if a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), "Insufficient permissions on image storage media") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	n.Must(os.Chmod(n.StoreDir(), 0o700))
	n.CheckUnharmed(id)
}

func TestDeleteDuringUpload(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 6*mib)
	id := n.NewImage("deleted")
	s := send(t, n, id, data, 4*mib, int64(len(data)))
	n.AwaitData()
	n.Must(n.Delete(t.Context(), id))
	if a, err := n.Get(t.Context(), "/v2/images/"+id); err != nil || a.Status != http.StatusNotFound {
		t.Errorf("the deleted image: %+v, %v", a, err)
	}
	s.Open()
	s.status(t, http.StatusGone, "could not be found after upload. The image may have been deleted during the upload")
	n.Check()
}

func TestOneUploadWins(t *testing.T) {
	contest(t, rig.NewNode(t, programs()))
}

// contest lets several clients upload to one image through these nodes.
func contest(t *testing.T, nodes ...*rig.Node) {
	t.Helper()
	const clients = 6
	id := nodes[0].NewImage("contested")
	var all [clients]*sending
	for i := range all {
		data := rig.Random(uint64(i), 2*mib)
		all[i] = begin(t, nodes[i%len(nodes)], id, data, 0, int64(len(data)))
	}
	for _, s := range all {
		<-s.Reached
	}
	for _, s := range all {
		s.Open()
	}
	winner := -1
	for i, s := range all {
		r := <-s.done
		switch {
		case r.err != nil:
			t.Errorf("upload %d: %v", i, r.err)
		case r.answer.Status == http.StatusNoContent && winner < 0:
			winner = i
		case r.answer.Status != http.StatusConflict && r.answer.Status != http.StatusGone:
			t.Errorf("upload %d: %d %s", i, r.answer.Status, r.answer.Body)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	for _, n := range nodes {
		n.CheckIs(id, rig.Random(uint64(winner), 2*mib))
	}
}

func TestSecondUpload(t *testing.T) {
	n := rig.NewNode(t, programs())
	first, second := rig.Random(1, mib), rig.Random(2, mib)
	id := n.NewImage("twice")
	n.Must(n.Put(t.Context(), id, first))
	a, err := n.Upload(t.Context(), id, bytes.NewReader(second), int64(len(second)))
	n.Must(err)
	if a.Status != http.StatusConflict || !strings.Contains(string(a.Body), "Image status transition from active to saving is not allowed") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	n.CheckIs(id, first)
}
