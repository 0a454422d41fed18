package app

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

// report says what the process is doing (USR2): to a file of its own in the
// directory that the original's reports go to, else beside the log, else to
// standard error.
func (s *server) report() {
	p := s.plan.Load()
	if p == nil {
		return
	}
	text := s.state(p)
	dir := reportDir(p)
	if dir == "" {
		_, _ = s.errout.Write(text) // without a terminal there is nobody to tell
		return
	}
	name := fmt.Sprintf("%s_gurumeditation_%s", p.loaded.Program, time.Now().UTC().Format("20060102150405.000"))
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o640); err != nil {
		s.log.Error("unable to write the report", "error", err)
		return
	}
	s.log.Info("wrote a report of the state", "file", path)
}

// reportDir is where reports go: with the log when nobody says where.
func reportDir(p *plan) string {
	dir := cmp.Or(p.reports, p.loaded.Log.Dir)
	if dir == "" && filepath.IsAbs(p.loaded.Log.File) {
		dir = filepath.Dir(p.loaded.Log.File)
	}
	return dir
}

// state is the text of a report. Options are masked, and stacks have no
// arguments.
func (s *server) state(p *plan) []byte {
	var b bytes.Buffer
	connections, requests := s.http.Load()
	head(&b, "Report of "+p.loaded.Program)
	fmt.Fprintf(&b, "time: %s\nprocess: %d, %s old\nlistening on: %s\n",
		time.Now().UTC().Format(time.RFC3339), os.Getpid(), time.Since(s.begun).Round(time.Second), s.http.URL())
	fmt.Fprintf(&b, "connections: %d\nrequests in flight: %d\n", connections, requests)

	head(&b, "Configurations that serve")
	now := s.stage.current.Load()
	for i, g := range s.stage.live() {
		users, which := g.users.Load(), "old, until its work is done"
		if g == now {
			users, which = users-1, "current"
		}
		fmt.Fprintf(&b, "%d: %s, requests and jobs: %d\n", i+1, which, users)
	}

	head(&b, "Pools")
	for _, line := range s.shares.list() {
		fmt.Fprintln(&b, line)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Fprintf(&b, "memory: %d KiB in use, %d KiB of the system\nopen files: %d\n", mem.HeapInuse>>10, mem.Sys>>10, openFiles())

	head(&b, "Options")
	for _, line := range p.dump {
		fmt.Fprintln(&b, line)
	}
	head(&b, fmt.Sprintf("Goroutines: %d", runtime.NumGoroutine()))
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a Buffer takes everything
	return b.Bytes()
}

func head(b *bytes.Buffer, title string) { fmt.Fprintf(b, "\n==== %s ====\n", title) }

// openFiles counts the descriptors of this process, the one that counts left
// out.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries) - 1
}
