package app_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestFault16WorkersMeanNothing: whatever number of workers, a hangup reloads
// and ends nothing.
func TestFault16WorkersMeanNothing(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{0, 1, 4} {
		dir := t.TempDir()
		p, _ := startMemory(t, dir, fmt.Sprintf("workers = %d", workers))
		p.reload(reloadedLine)
		if status := p.get(http.DefaultClient, "/v2/images"); status != http.StatusOK {
			t.Errorf("%d workers: status %d", workers, status)
		}
		p.stop()
	}
}

// TestFault21LogsAreOpenedAgain: after logrotate has moved the file, a hangup is
// enough; also one whose reload is refused.
func TestFault21LogsAreOpenedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := dir + "/log.0"
	p, conf := startMemory(t, dir, "log_file = "+log)
	if err := os.Rename(log, dir+"/old.1"); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.until("a new file", func() bool { return countIn(dir, reloadedLine) == 1 })
	if err := os.Rename(log, dir+"/old.2"); err != nil {
		t.Fatal(err)
	}
	writeFile(t, conf, "[DEFAULT]\napi_limit_max = many\n")
	p.signal(syscall.SIGHUP)
	p.until("a new file", func() bool { return countIn(dir, refusedLine) == 1 })
	p.stop()
}

var (
	faultRow = regexp.MustCompile(`(?m)^\| (\d+) \|.*\|([^|]*)\|$`)
	quoted   = regexp.MustCompile("`([^`]+)`")
)

// TestFaultsHaveTests: the table in docs/operations.md has every fault of the
// original, and the tests that it names exist.
func TestFaultsHaveTests(t *testing.T) {
	const root, faults = "../..", 21
	text, err := os.ReadFile(root + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, appendix, _ := strings.Cut(string(text), "\n## Appendix")
	rows := faultRow.FindAllStringSubmatch(appendix, -1)
	if len(rows) != faults {
		t.Errorf("%d faults, want %d", len(rows), faults)
	}
	defined := testNames(t, root)
	for i, row := range rows {
		names := quoted.FindAllStringSubmatch(row[2], -1)
		if row[1] != fmt.Sprint(i+1) || len(names) == 0 {
			t.Errorf("row %d: %q", i+1, row[0])
		}
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(root, name[1])); err != nil && !defined[name[1]] {
				t.Errorf("fault %s: there is no %s", row[1], name[1])
			}
		}
	}
}

// testNames are the tests of the project.
func testNames(t *testing.T, root string) map[string]bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "grep", "-rhoE", "--include=*_test.go", "^func Test[A-Za-z0-9]+", root+"/internal", root+"/test", root+"/cmd").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		names[strings.TrimPrefix(strings.TrimSpace(line), "func ")] = true
	}
	return names
}
