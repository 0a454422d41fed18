package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/journal"
)

const (
	host     = "node-1"
	childEnv = "GLANCE_JOURNAL_TEST_DIR"
)

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	j, err := journal.Open(dir, host)
	for i := 0; err == nil && i < 4; i++ {
		var e *journal.Entry
		if e, err = j.Begin(entry(i)); err == nil && i%2 == 0 {
			e.Done()
		}
	}
	fmt.Println("ready", err)
	select {}
}

func entry(i int) map[string]string {
	return map[string]string{"image": fmt.Sprint(i), "text": "with\nline ends, \"quotes\" and \xff"}
}

// back is the entry as it comes back from JSON.
func back(i int) map[string]string {
	return map[string]string{"image": fmt.Sprint(i), "text": "with\nline ends, \"quotes\" and \ufffd"}
}

func openJournal(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, host)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func begin(t *testing.T, j *journal.Journal, i int) *journal.Entry {
	t.Helper()
	e, err := j.Begin(entry(i))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func closeJournal(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func leftover(t *testing.T, dir, host string) []map[string]string {
	t.Helper()
	var got []map[string]string
	err := journal.Leftover(dir, host, func(fields map[string]string) error {
		got = append(got, fields)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestLeftover(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "journal")
	j := openJournal(t, dir)
	begin(t, j, 0).Done()
	begin(t, j, 1)
	begin(t, j, 2).Done()
	begin(t, j, 3)
	if got := leftover(t, dir, host); got != nil {
		t.Errorf("the journal of a running process gave %v", got)
	}
	closeJournal(t, j)
	if _, err := j.Begin(entry(4)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Begin after Close: got error %v", err)
	}
	for _, other := range []string{"node", "node-12", "1", ""} {
		if got := leftover(t, dir, other); got != nil {
			t.Errorf("host %q got %v", other, got)
		}
	}
	if diff := cmp.Diff([]map[string]string{back(1), back(3)}, leftover(t, dir, host)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if got := leftover(t, dir, host); got != nil {
		t.Errorf("settled entries came again: %v", got)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNoDirectory(t *testing.T) {
	if got := leftover(t, filepath.Join(t.TempDir(), "none"), host); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestCloseSettled(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	e := begin(t, j, 0)
	e.Done()
	e.Done()
	closeJournal(t, j)
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestSettleFails(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	begin(t, j, 0)
	begin(t, j, 1)
	closeJournal(t, j)
	fails := errors.New("no database")
	calls := 0
	err := journal.Leftover(dir, host, func(map[string]string) error {
		calls++
		return fails
	})
	if !errors.Is(err, fails) || calls != 2 {
		t.Errorf("got error %v after %d calls", err, calls)
	}
	if got := leftover(t, dir, host); len(got) != 2 {
		t.Errorf("the next start got %v", got)
	}
}

func TestShrinks(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	long := map[string]string{"text": strings.Repeat("x", 10_000)}
	for range 20 {
		e, err := j.Begin(long)
		if err != nil {
			t.Fatal(err)
		}
		e.Done()
	}
	info, err := os.Stat(files(t, dir)[0])
	if err != nil || info.Size() > 80_000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	begin(t, j, 1)
	closeJournal(t, j)
	if diff := cmp.Diff([]map[string]string{back(1)}, leftover(t, dir, host)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestShrinksBesideOpenEntries: one entry that takes for ever does not make the
// file grow for ever, and is handed out once.
func TestShrinksBesideOpenEntries(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	begin(t, j, 1)
	late := begin(t, j, 2)
	long := map[string]string{"text": strings.Repeat("x", 10_000)}
	for range 200 {
		e, err := j.Begin(long)
		if err != nil {
			t.Fatal(err)
		}
		e.Done()
		if got := leftover(t, dir, host); got != nil {
			t.Fatalf("the journal of a running process gave %v", got)
		}
	}
	list := files(t, dir)
	if len(list) != 1 {
		t.Fatalf("files: %v", list)
	}
	if info, err := os.Stat(list[0]); err != nil || info.Size() > 400_000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	late.Done()
	begin(t, j, 3)
	closeJournal(t, j)
	if diff := cmp.Diff([]map[string]string{back(1), back(3)}, leftover(t, dir, host)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestSync: an end that must not be lost is on the disk.
func TestSync(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	begin(t, j, 0).Done()
	if n := j.Unsynced(); n != 1 {
		t.Errorf("%d notes may be lost, want that of Done", n)
	}
	if err := j.Sync(); err != nil || j.Unsynced() != 0 {
		t.Errorf("%d notes may be lost, %v", j.Unsynced(), err)
	}
	closeJournal(t, j)
	if err := j.Sync(); err != nil {
		t.Errorf("nothing to lose: %v", err)
	}
}

// TestSyncCannot: an end that was not written is not on the disk.
func TestSyncCannot(t *testing.T) {
	j := openJournal(t, t.TempDir())
	e := begin(t, j, 0)
	closeJournal(t, j)
	e.Done()
	if err := j.Sync(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestOldFileSaysNothing: where the name of a file that was left for a new one
// comes back, nothing is handed out twice.
func TestOldFileSaysNothing(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	old, err := os.Open(files(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	late := begin(t, j, 0)
	long := map[string]string{"text": strings.Repeat("x", 10_000)}
	for range 40 {
		e, err := j.Begin(long)
		if err != nil {
			t.Fatal(err)
		}
		e.Done()
	}
	late.Done()
	if list := files(t, dir); len(list) != 1 || list[0] == old.Name() {
		t.Fatalf("files: %v", list)
	}
	if info, err := old.Stat(); err != nil || info.Size() > 0 {
		t.Errorf("the old one has %d bytes, %v", info.Size(), err)
	}
	closeJournal(t, j)
}

func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			e, err := j.Begin(entry(i))
			if err != nil {
				t.Error(err)
				return
			}
			if i%4 != 0 {
				e.Done()
			}
		})
	}
	all.Wait()
	closeJournal(t, j)
	seen := map[string]bool{}
	for _, fields := range leftover(t, dir, host) {
		seen[fields["image"]] = true
	}
	want := map[string]bool{"0": true, "4": true, "8": true, "12": true, "16": true, "20": true, "24": true, "28": true}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("unsettled (-want +got):\n%s", diff)
	}
}

// TestOpenWhileOthersStart looks for a journal that is taken for a leftover
// before its process has locked it.
func TestOpenWhileOthersStart(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := journal.Leftover(dir, host, func(map[string]string) error { return errors.New("not a leftover") }); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for i := range 50 {
		j := openJournal(t, dir)
		e := begin(t, j, i)
		if len(files(t, dir)) == 0 {
			t.Fatal("the journal is gone")
		}
		e.Done()
		closeJournal(t, j)
	}
	close(stop)
	other.Wait()
}

func TestTornAndDamaged(t *testing.T) {
	text := func(t *testing.T) string {
		dir := t.TempDir()
		j := openJournal(t, dir)
		begin(t, j, 0)
		begin(t, j, 1)
		begin(t, j, 2)
		whole, err := os.ReadFile(files(t, dir)[0])
		if err != nil {
			t.Fatal(err)
		}
		closeJournal(t, j)
		return string(whole)
	}(t)
	lines := strings.SplitAfter(text, "\n")
	tests := map[string]struct {
		text    string
		want    []map[string]string
		damaged bool
	}{
		"whole":        {text, []map[string]string{back(0), back(1), back(2)}, false},
		"no line end":  {text[:len(text)-1], []map[string]string{back(0), back(1)}, false},
		"half a line":  {text[:len(text)-20], []map[string]string{back(0), back(1)}, false},
		"zeros at end": {lines[0] + strings.Repeat("\x00", 100), []map[string]string{back(0)}, false},
		"nothing":      {"", nil, false},
		"damaged":      {lines[0] + strings.Replace(lines[1], "image", "imago", 1) + lines[2], []map[string]string{back(0), back(2)}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, host+"-0.journal"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var got []map[string]string
			err := journal.Leftover(dir, host, func(fields map[string]string) error {
				got = append(got, fields)
				return nil
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if (err != nil) != tt.damaged || len(files(t, dir)) == 0 == tt.damaged {
				t.Errorf("got error %v; files: %q", err, files(t, dir))
			}
		})
	}
}

func TestKilled(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "ready <nil>\n" {
		t.Errorf("the child said %q, %v", said, err)
	}
	if got := leftover(t, dir, host); got != nil {
		t.Errorf("while it runs: %v", got)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if diff := cmp.Diff([]map[string]string{back(1), back(3)}, leftover(t, dir, host)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func FuzzLeftover(f *testing.F) {
	f.Add("3f1c9a70 + 17 {}\n98b0e3d1 - 17\n")
	f.Add("00000000 \n\n- +\n")
	f.Add("d202ef8d \n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, host+"-0.journal"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		entries := 0
		_ = journal.Leftover(dir, host, func(fields map[string]string) error {
			entries++
			if fields == nil {
				t.Error("an entry without fields")
			}
			return nil
		})
		if entries > strings.Count(text, "+") {
			t.Errorf("%d entries", entries)
		}
	})
}

func BenchmarkBegin(b *testing.B) {
	j, err := journal.Open(b.TempDir(), host)
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			e, err := j.Begin(map[string]string{"image": "i", "attempt": "a"})
			if err != nil {
				b.Error(err)
				return
			}
			e.Done()
		}
	})
	if err := j.Close(); err != nil {
		b.Error(err)
	}
}
