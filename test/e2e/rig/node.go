package rig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Node is a glance-api of one test. Its server may be stopped, killed and
// started again; everything else stays.
type Node struct {
	*Client
	Dir    string // configuration, journal, whatever is this node's own
	Shared string // database and store, shared with other nodes

	t        testing.TB
	programs string
	server   *Server
}

// NewNode lays out a node and starts it. settings are lines for its
// configuration, "[section] option = value" or "option = value".
func NewNode(t testing.TB, programs string, settings ...string) *Node {
	t.Helper()
	return NewNodeAt(t, programs, t.TempDir(), settings...)
}

// NewNodeAt is NewNode with database and store in shared.
func NewNodeAt(t testing.TB, programs, shared string, settings ...string) *Node {
	t.Helper()
	n := &Node{
		Client: &Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
		Dir:    t.TempDir(), Shared: shared, t: t, programs: programs,
	}
	n.Must(os.MkdirAll(n.StoreDir(), 0o755))
	n.Must(os.WriteFile(n.Config(), []byte(n.configuration(settings)), 0o600))
	n.Start()
	t.Cleanup(func() {
		n.server.Kill()
		if t.Failed() {
			t.Logf("output of the last server of %s:\n%s", n.Dir, n.server.Output())
		}
	})
	return n
}

// Config is the configuration file.
func (n *Node) Config() string { return filepath.Join(n.Dir, "glance-api.conf") }

// StoreDir is where image data lies.
func (n *Node) StoreDir() string { return filepath.Join(n.Shared, "images") }

func (n *Node) configuration(settings []string) string {
	var b strings.Builder
	for _, line := range slices.Concat([]string{
		"bind_host = 127.0.0.1",
		"bind_port = 0",
		"node_staging_uri = file://" + n.Dir + "/staging",
		"[database] connection = sqlite:///" + n.Shared + "/glance.sqlite",
		"[glance_store] stores = file,http",
		"[glance_store] default_store = file",
		"[glance_store] filesystem_store_datadir = " + n.StoreDir(),
		"[oslo_policy] policy_file = " + n.Dir + "/policy.yaml", // not those of this machine
		"[oslo_policy] policy_dirs = " + n.Dir + "/policy.d",
		"[task] work_dir = " + n.Dir + "/tasks",
	}, settings) {
		section, option, found := strings.Cut(line, "] ")
		if !found {
			section, option = "[DEFAULT", line
		}
		fmt.Fprintf(&b, "%s]\n%s\n", section, option)
	}
	return b.String()
}

// Start starts the server of a node that has none.
func (n *Node) Start() {
	n.t.Helper()
	s, err := Start(n.t.Context(), Command{
		Path: filepath.Join(n.programs, "glance-api"), Args: []string{"--config-file", n.Config()}, Dir: n.Dir,
	})
	n.Must(err)
	n.server, n.Base = s, s.URL
}

// Server is the running server, or the last one.
func (n *Node) Server() *Server { return n.server }

// Stop ends the server in order.
func (n *Node) Stop() {
	n.t.Helper()
	n.Must(n.server.Stop())
}

// Crash ends the server as a power cut would, and starts the next one.
func (n *Node) Crash() {
	n.t.Helper()
	n.server.Kill()
	n.Start()
}

// Terminate sends SIGTERM and goes on.
func (n *Node) Terminate() {
	n.t.Helper()
	n.Must(n.server.Signal(syscall.SIGTERM))
}

// Must fails the test when there is an error.
func (n *Node) Must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// NewImage creates a queued image, raw and bare.
func (n *Node) NewImage(name string) string {
	n.t.Helper()
	return n.NewImageOf(name, "raw").ID
}

// NewImageOf creates a queued image of a disk format.
func (n *Node) NewImageOf(name, format string) *Image {
	n.t.Helper()
	img, err := n.Create(n.t.Context(), map[string]any{"name": name, "disk_format": format, "container_format": "bare"})
	n.Must(err)
	if img.Status != "queued" {
		n.t.Fatalf("a new image is %s", img.Status)
	}
	return img
}

// Await waits until an image has a status.
func (n *Node) Await(id, status string) {
	n.t.Helper()
	last := ""
	err := Until(n.t.Context(), "image "+id+" to be "+status, func() bool {
		img, err := n.Show(n.t.Context(), id)
		if err != nil {
			last = err.Error()
			return false
		}
		last = img.Status
		return img.Status == status
	})
	if err != nil {
		n.t.Fatalf("%v: it is %s", err, last)
	}
}

// journal is where a node without other configuration keeps its own notes.
const journal = ".glance-journal"

// Files are the names of all regular files in the store, relative to it,
// without the journals of nodes.
func (n *Node) Files() []string {
	n.t.Helper()
	var found []string
	err := filepath.WalkDir(n.StoreDir(), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // removed while we looked
		case err != nil:
			return err
		case d.IsDir() && d.Name() == journal:
			return fs.SkipDir
		case !d.IsDir():
			name, err := filepath.Rel(n.StoreDir(), path)
			found = append(found, name)
			return err
		}
		return nil
	})
	n.Must(err)
	return found
}

// AwaitData waits until some data of an unfinished upload lies in the store.
func (n *Node) AwaitData() {
	n.t.Helper()
	n.Must(Until(n.t.Context(), "the first data in the store", func() bool {
		for _, name := range n.Files() {
			if info, err := os.Stat(filepath.Join(n.StoreDir(), name)); err == nil && info.Size() > 0 {
				return true
			}
		}
		return false
	}))
}

// AwaitSettled waits until the node has settled what failed: no image is on its
// way, and the store has as many files as images are active.
func (n *Node) AwaitSettled() {
	n.t.Helper()
	n.Must(Until(n.t.Context(), "the node to settle what failed", func() bool {
		images, err := n.List(n.t.Context())
		if err != nil {
			return false
		}
		active := 0
		for _, img := range images {
			switch img.Status {
			case "queued":
			case "active":
				active++
			default:
				return false
			}
		}
		return len(n.Files()) == active
	}))
}

// Check is what must hold whenever no upload is under way: images are queued
// or active, an active one has exactly the data that its row says, and the
// store has no file but theirs. It returns the images.
func (n *Node) Check() []Image {
	n.t.Helper()
	images, err := n.List(n.t.Context())
	n.Must(err)
	var want []string
	for _, img := range images {
		switch img.Status {
		case "queued":
			if img.Size != nil || img.Checksum != "" {
				n.t.Errorf("queued image %s has size or checksum: %+v", img.ID, img)
			}
		case "active":
			want = append(want, img.ID)
			n.checkData(img)
		default:
			n.t.Errorf("image %s is %s though nothing is under way", img.ID, img.Status)
		}
	}
	slices.Sort(want)
	if got := n.Files(); !slices.Equal(got, want) {
		n.t.Errorf("the store has the files %q, want those of the active images %q", got, want)
	}
	return images
}

func (n *Node) checkData(img Image) {
	n.t.Helper()
	data, err := n.Download(n.t.Context(), img.ID)
	if err != nil {
		n.t.Errorf("active image %s: %v", img.ID, err)
		return
	}
	if img.Size == nil || *img.Size != int64(len(data)) || img.HashAlgo != "sha512" ||
		img.HashValue != SHA512(data) || img.Checksum != MD5(data) {
		n.t.Errorf("active image %s has %d bytes that do not match its row: %+v", img.ID, len(data), img)
	}
}

// CheckIs is Check, and one image is active with this data.
func (n *Node) CheckIs(id string, data []byte) {
	n.t.Helper()
	n.Check()
	img, err := n.Show(n.t.Context(), id)
	n.Must(err)
	got, err := n.Download(n.t.Context(), id)
	n.Must(err)
	if img.Status != "active" || !bytes.Equal(got, data) {
		n.t.Errorf("image %s is %s and has other data than what was sent", id, img.Status)
	}
}

// CheckUnharmed is what must hold after an upload that failed: the image is
// queued, nothing is left, and the next upload works.
func (n *Node) CheckUnharmed(id string) {
	n.t.Helper()
	n.Await(id, "queued")
	n.Check()
	data := Random(99, 300<<10)
	n.Must(n.Put(n.t.Context(), id, data))
	n.CheckIs(id, data)
}
