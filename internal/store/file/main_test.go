package file_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/file"
)

// Some of what can happen to a process must not happen to that of the tests:
// they start themselves again, as one of these children.
const (
	childEnv = "GLANCE_FILE_TEST_CHILD"
	dirEnv   = "GLANCE_FILE_TEST_DIR"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "limit": // no file may grow beyond 3 MiB
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 3 << 20, Max: 3 << 20}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		report(putEight())
	case "denied": // may not write into the directory
		s, err := openChild()
		fmt.Println(err)
		_, err = s.Put(context.Background(), childUpload(), bytes.NewReader(nil))
		report(err)
	case "stall": // writes 8 MiB, says so, and waits for its end
		stall()
	default:
		os.Exit(m.Run())
	}
}

func openChild() (*file.Store, error) {
	return file.Open(file.Config{Datadir: os.Getenv(dirEnv)}, slog.New(slog.DiscardHandler))
}

func childStore() *file.Store {
	s, err := openChild()
	if err != nil {
		report(err)
	}
	return s
}

// putEight stores 8 MiB.
func putEight() error {
	_, err := childStore().Put(context.Background(), childUpload(), bytes.NewReader(make([]byte, 8<<20)))
	return err
}

func childUpload() store.Upload {
	return store.Upload{ImageID: "image", Attempt: "attempt-1", Size: store.SizeUnknown}
}

func stall() {
	given := 0
	_, err := childStore().Put(context.Background(), childUpload(), readerFunc(func(p []byte) (int, error) {
		if given >= 8<<20 {
			fmt.Println("stalled")
			select {}
		}
		given += len(p)
		return len(p), nil
	}))
	report(err)
}

type readerFunc func(p []byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

// report prints kind and text of an error, and ends the child.
func report(err error) {
	if err != nil {
		fmt.Printf("%v: %v\n", glance.KindOf(err), err)
	}
	os.Exit(0)
}

// child prepares to run a child that stores into dir.
func child(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+name, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}
