package file_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"glance/internal/store"
	"glance/internal/store/file"
)

func TestFileTooLarge(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "limit", dir).Output()
	want := "too large: Image storage media is full: There is not enough disk space on the image storage media: "
	if err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("got %q, %v", out, err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestWriteDenied(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "denied", dir)
	if os.Getuid() == 0 { // root may write everywhere
		cmd = asNobody(t, cmd, dir)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	want := "Store filesystem could not be configured correctly. Reason: Permission to write in " + dir + " denied\n" +
		"unavailable: Insufficient permissions on image storage media: Permission to write image storage media denied: "
	if err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("got %q, %v", out, err)
	}
}

// TestKilled ends a process in the middle of an upload.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "stall", dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(pipe).ReadString('\n'); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed

	part := filepath.Join(dir, ".image.attempt-1.part")
	if left := names(t, dir); !slices.Equal(left, []string{part}) {
		t.Fatalf("the crash left %q", left)
	}
	s := open(t, file.Config{Datadir: dir})
	other := childUpload()
	other.Attempt = "attempt-2"
	if err := s.Abandon(t.Context(), other); err != nil {
		t.Error(err)
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("abandoning another attempt left %q", left)
	}
	if err := s.Abandon(t.Context(), childUpload()); err != nil {
		t.Error(err)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("abandoning left %q", left)
	}
}

// TestAbandonBetweenNames is a crash between the two steps of publishing on a
// file system without the atomic one.
func TestAbandonBetweenNames(t *testing.T) {
	dir := t.TempDir()
	s := open(t, file.Config{Datadir: dir})
	up := childUpload()
	if _, err := s.Put(t.Context(), up, strings.NewReader("data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "image"), filepath.Join(dir, ".image.attempt-1.part")); err != nil {
		t.Fatal(err)
	}
	if err := s.Abandon(t.Context(), up); err != nil {
		t.Error(err)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Data that the original, or an administrator, put there carries no mark.
func TestAbandonSparesUnmarked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "image")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, file.Config{Datadir: dir})
	if err := s.Abandon(t.Context(), childUpload()); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestPublishLink(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	final := filepath.Join(dir, "final")
	if err := file.PublishLink(write("one", "one"), final); err != nil {
		t.Errorf("got error %v", err)
	}
	if err := file.PublishLink(write("two", "two"), final); !os.IsExist(err) {
		t.Errorf("an existing file: got error %v", err)
	}
	again := filepath.Join(dir, "again")
	if err := os.Link(final, again); err != nil {
		t.Fatal(err)
	}
	if err := file.PublishLink(again, final); err != nil {
		t.Errorf("linked already: got error %v", err)
	}
	if left := names(t, dir); !slices.Equal(left, []string{final, filepath.Join(dir, "two")}) {
		t.Errorf("left behind: %q", left)
	}
	if text, err := os.ReadFile(final); err != nil || string(text) != "one" {
		t.Errorf("got %q, %v", text, err)
	}
}

// A connection that breaks off must not look like the end of the data.
func TestBrokenOffSource(t *testing.T) {
	s := open(t, file.Config{Datadir: t.TempDir()})
	r := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }))
	if _, err := s.Put(t.Context(), store.Upload{ImageID: "i", Attempt: "a", Size: store.SizeUnknown}, r); err != io.ErrUnexpectedEOF { //nolint:errorlint // passed on as it is
		t.Errorf("got error %v", err)
	}
}
