package oslolog_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/oslolog"
)

// TestReplace: loggers made before write by the new options, and while files
// and layouts change no record is lost or torn.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	open := func(name string, debug bool) *oslolog.Handler {
		h, err := oslolog.Open("glance-api", false, oslolog.Options{File: filepath.Join(dir, name), Debug: debug, DefaultFormat: "%(levelname)s %(message)s"})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open("log.0", false)
	log := slog.New(h).With(oslolog.Logger, "glance.x")
	log.Debug("hidden")

	const writers, records, files = 4, 200, 10
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range records {
				log.Info(fmt.Sprintf("record %d-%d", w, i))
			}
		})
	}
	for i := 1; i < files; i++ {
		if err := h.Replace(open(fmt.Sprintf("log.%d", i), i == files-1)); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	log.Debug("shown")
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	seen := map[string]int{}
	for i := range files {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("log.%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			seen[line]++
		}
	}
	for w := range writers {
		for i := range records {
			if line := fmt.Sprintf("INFO record %d-%d\n", w, i); seen[line] != 1 {
				t.Errorf("%q: %d times", line, seen[line])
			}
		}
	}
	if seen["DEBUG hidden\n"] != 0 || seen["DEBUG shown\n"] != 1 || len(seen) != writers*records+1 {
		t.Errorf("%d different lines", len(seen))
	}
}
