package rig_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"glance/internal/imgformat"
	"glance/test/e2e/rig"
)

const fakeEnv = "RIG_FAKE_SERVER"

// TestMain makes the test binary a server when fakeEnv says how it behaves.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv(fakeEnv); behaviour != "" {
		os.Exit(fake(behaviour))
	}
	os.Exit(m.Run())
}

func fake(behaviour string) int {
	if behaviour == "refuses" {
		fmt.Fprintln(os.Stderr, "ERROR: no")
		return 7
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		return 1
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	fmt.Printf("hello\n(%d) wsgi starting up on http://0.0.0.0:%s/\n", os.Getpid(), port)
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, `{"name": "%d bytes"}`, n)
	}))
	fmt.Println(err)
	return 1
}

func start(t *testing.T, behaviour string) (*rig.Server, error) {
	t.Helper()
	s, err := rig.Start(t.Context(), rig.Command{Path: os.Args[0], Dir: t.TempDir(), Env: []string{fakeEnv + "=" + behaviour}})
	if err == nil {
		t.Cleanup(s.Kill)
	}
	return s, err
}

func TestServer(t *testing.T) {
	if _, err := start(t, "refuses"); err == nil || !strings.Contains(err.Error(), "exit status 7\nERROR: no") {
		t.Errorf("got %v", err)
	}
	s, err := start(t, "serves")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.URL, "http://127.0.0.1:") || strings.HasSuffix(s.URL, "/") || !strings.HasPrefix(s.Output(), "hello\n") {
		t.Errorf("at %s: %s", s.URL, s.Output())
	}
	client := &rig.Client{Base: s.URL}
	if img, err := client.Show(t.Context(), "x"); err != nil || img.Name != "0 bytes" {
		t.Errorf("got %+v, %v", img, err)
	}
	if err := client.Put(t.Context(), "x", []byte("1")); !errors.Is(err, rig.ErrStatus) {
		t.Errorf("200 for an upload: %v", err)
	}
	if err := s.Stop(); err == nil {
		t.Error("a server that dies of SIGTERM has not ended in order")
	}
}

func TestGate(t *testing.T) {
	s, err := start(t, "serves")
	if err != nil {
		t.Fatal(err)
	}
	client := &rig.Client{Base: s.URL}
	data := rig.Random(1, 1<<20)
	for name, tt := range map[string]struct {
		fail error
		want string
	}{"opened": {nil, `{"name": "1048576 bytes"}`}, "failed": {io.ErrClosedPipe, ""}} {
		t.Run(name, func(t *testing.T) {
			gate := rig.NewGate(data, 1<<19)
			go func() {
				<-gate.Reached
				gate.Fail(tt.fail)
			}()
			a, err := client.Upload(t.Context(), "x", gate, int64(len(data)))
			if !errors.Is(err, tt.fail) {
				t.Fatalf("got %v, want %v", err, tt.fail)
			}
			if err == nil && string(a.Body) != tt.want {
				t.Errorf("got %s", a.Body)
			}
		})
	}
}

func TestProcess(t *testing.T) {
	err := rig.Until(t.Context(), "processor time to be used", func() bool {
		rig.SHA512(rig.Random(1, 1<<20))
		used, err := rig.CPU(os.Getpid())
		return err == nil && used > 0
	})
	if err != nil {
		t.Error(err)
	}
	if pss, err := rig.PSS(os.Getpid()); err != nil || pss < 1<<20 || pss > 1<<33 {
		t.Errorf("PSS: %d, %v", pss, err)
	}
	if _, err := rig.CPU(-1); err == nil {
		t.Error("a process that does not exist has used something")
	}
}

func TestImages(t *testing.T) {
	for format, data := range map[string][]byte{"iso": rig.ISO(1, 1<<20), "qcow2": rig.QCOW2(1, 1<<20, 5<<30)} {
		in := imgformat.New()
		_, _ = in.Write(data) // never fails
		if got, err := in.Verdict().Judge(format, imgformat.Rules{}); err != nil {
			t.Errorf("%s: %+v, %v", format, got, err)
		}
	}
}

func TestRandom(t *testing.T) {
	if !bytes.Equal(rig.Random(1, 99), rig.Random(1, 99)) || bytes.Equal(rig.Random(1, 99), rig.Random(2, 99)) {
		t.Error("the same seed must give the same data, and another one other data")
	}
}
