package cache_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"glance/internal/cache"
)

func TestFill(t *testing.T) {
	r := newRig(t)
	must(t, r.Queue(id(1)))
	r.fill(t, 1, "data")
	r.wantFiles(t, id(1))
	r.wantRecords(t, 1)
	r.wantData(t, 1, "data")
	if f := r.Begin(t.Context(), want(1, "data")); f != nil {
		t.Error("it is written once more")
	}
	must(t, r.Hit(t.Context(), id(1)))
	if list, err := r.List(t.Context()); err != nil || list[0].Hits != 1 || list[0].Size != 4 || time.Since(list[0].LastAccessed) > time.Minute {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestFillFails: what fails leaves nothing in incomplete, and may be tried again.
func TestFillFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		data  string
		cause error
		after func(*testing.T, *rig)
		kept  bool // among the invalid ones
	}{
		{name: "checksum", data: "dato", kept: true},
		{name: "short", data: "dat", kept: true},
		{name: "long", data: "data!", kept: true},
		{name: "not whole", data: "data", cause: errBoom, kept: true},
		{name: "index", data: "data", after: func(_ *testing.T, r *rig) { r.index.fail = errBoom }},
		{name: "dropped", data: "data", after: func(t *testing.T, r *rig) { must(t, r.Drop(t.Context(), id(1))) }},
		{
			name: "dropped, somebody else's", data: "data", after: func(t *testing.T, r *rig) {
				must(t, r.Drop(t.Context(), id(1)))
				r.put(t, "theirs", 0, "incomplete", id(1))
				t.Cleanup(func() { must(t, os.Remove(filepath.Join(r.dir, "incomplete", id(1)))) })
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			f := r.Begin(t.Context(), want(1, "data"))
			_, err := io.WriteString(f, tt.data)
			must(t, err)
			if tt.after != nil {
				tt.after(t, r)
			}
			if err := f.End(t.Context(), tt.cause); err == nil {
				t.Error("no error")
			}
			var files []string
			switch {
			case tt.kept:
				files = append(files, "invalid/"+id(1))
			case tt.name == "dropped, somebody else's":
				r.wantFiles(t, "incomplete/"+id(1))
				return
			}
			r.wantFiles(t, files...)
			r.wantRecords(t)
			r.index.fail = nil
			r.fill(t, 1, "data")
			r.wantData(t, 1, "data")
		})
	}
}

func TestOneFillsAtATime(t *testing.T) {
	r := newRig(t)
	first := r.Begin(t.Context(), want(1, "data"))
	for name, c := range map[string]*cache.Cache{"the same process": r.Cache, "another one": r.another()} {
		if f := c.Begin(t.Context(), want(1, "data")); f != nil {
			t.Error(name, "fills it as well")
		}
	}
	must(t, r.Clean(t.Context()))
	must(t, r.Settle(t.Context()))
	must(t, r.Queue(id(1))) // it is under way
	_, err := io.WriteString(first, "data")
	must(t, errors.Join(err, first.End(t.Context(), nil)))
	r.wantFiles(t, id(1))
}

// TestLeftByTheKilled: a file that a killed process was writing keeps nobody
// from writing it anew; one of the original's does until it is old.
func TestLeftByTheKilled(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(r.dir, "incomplete", id(1))
	killed := r.Begin(t.Context(), want(1, "data"))
	_, err := io.WriteString(killed, "garbage of before")
	must(t, err)
	killed.Abort() // as the kernel does it
	r.wantFiles(t, "incomplete/"+id(1))
	r.fill(t, 1, "data")
	r.wantData(t, 1, "data")

	r.put(t, "theirs", time.Minute, "incomplete", id(2))
	if f := r.Begin(t.Context(), want(2, "data")); f != nil {
		t.Error("a file of the original's, which may be writing it, was taken over")
	}
	must(t, r.Settle(t.Context()))
	must(t, r.Clean(t.Context()))
	r.wantFiles(t, id(1), "incomplete/"+id(2))
	r.put(t, "theirs", 2*time.Hour, "incomplete", id(2))
	r.fill(t, 2, "data")
	r.wantData(t, 2, "data")

	r.put(t, "theirs", 2*time.Hour, "incomplete", id(3))
	r.put(t, "wrong", 0, "invalid", id(4))
	must(t, r.Clean(t.Context()))
	r.wantFiles(t, id(1), id(2))

	must(t, r.Delete(t.Context(), id(1)))
	r.Begin(t.Context(), want(1, "data")).Abort()
	must(t, r.Settle(t.Context()))
	if _, err := os.Stat(path); err == nil {
		t.Error("a start leaves what an earlier process was killed over")
	}
}

func TestNoDisk(t *testing.T) {
	r := newRig(t)
	must(t, os.RemoveAll(filepath.Join(r.dir, "incomplete")))
	if f := r.Begin(t.Context(), want(1, "data")); f != nil || r.log.Len() == 0 {
		t.Errorf("%v, log %s", f, r.log)
	}
}
