//go:build services && linux

package file_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/file"
)

// TestFullDisk fills a real file system.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("only root can mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, file.Config{Datadir: dir})
	_, err := s.Put(t.Context(), childUpload(), bytes.NewReader(make([]byte, 8<<20)))
	if glance.KindOf(err) != glance.TooLarge {
		t.Errorf("got error %v", err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	up := store.Upload{ImageID: "small", Attempt: "a", Size: 3 << 20}
	if _, err := s.Put(t.Context(), up, bytes.NewReader(make([]byte, 3<<20))); err != nil {
		t.Errorf("the space did not come back: %v", err)
	}
}
