package policy_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/policy"
)

// house is a directory of policy files whose versions differ by more than a
// file system's clock tells apart.
type house struct {
	t        *testing.T
	dir      string
	modified time.Time
	log      bytes.Buffer
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, dir: t.TempDir(), modified: time.Unix(1_000_000_000, 0)}
	if err := os.Mkdir(filepath.Join(h.dir, "policy.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	path := write(h.t, filepath.Join(h.dir, name), text)
	h.modified = h.modified.Add(time.Second)
	if err := os.Chtimes(path, h.modified, h.modified); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) config() policy.Config {
	return policy.Config{
		File: filepath.Join(h.dir, "policy.yaml"),
		Dirs: []string{filepath.Join(h.dir, "policy.d"), filepath.Join(h.dir, "missing.d")},
		Log:  slog.New(slog.NewTextHandler(&h.log, nil)), EnforceNewDefaults: true,
	}
}

// logged gives what was logged since the last call.
func (h *house) logged() string {
	defer h.log.Reset()
	return h.log.String()
}

func TestFilesAreMergedInOrder(t *testing.T) {
	h := newHouse(t)
	h.write("policy.yaml", "copy_image: '!'\ndeactivate: '!'\nreactivate: '!'\n")
	h.write("policy.d/20.json", `{"deactivate": "role:reader", "reactivate": "!"}`)
	h.write("policy.d/30.yaml", "reactivate: role:member\n")
	h.write("policy.d/.40.yaml", "copy_image: '@'\n")
	h.write("policy.d/10.yaml", "deactivate: '!'\nno_such_rule: '@'\n")
	if err := os.Mkdir(filepath.Join(h.dir, "policy.d", "50.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	e, err := policy.Open(h.config())
	if err != nil {
		t.Fatal(err)
	}
	img := image(glance.VisibilityPrivate)
	for rule, want := range map[policy.Rule]string{
		policy.CopyImage: "3", policy.Deactivate: "y", policy.Reactivate: "y", policy.GetImage: "y", policy.PublicizeImage: "3",
	} {
		if got := outcome(e.Image(t.Context(), alice, rule, img)); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.write("policy.yaml", "copy_image: '!'\n")
		e, err := policy.Open(h.config())
		if err != nil {
			t.Fatal(err)
		}
		img := image(glance.VisibilityPrivate)
		expect := func(step, want, log string) {
			t.Helper()
			time.Sleep(time.Second)
			rules := []policy.Rule{policy.CopyImage, policy.Deactivate, policy.Reactivate}
			got := ""
			for _, rule := range rules {
				got += outcome(e.Image(t.Context(), alice, rule, img))
			}
			if got != want {
				t.Errorf("%s: copy, deactivate, reactivate %s, want %s", step, got, want)
			}
			if text := h.logged(); log == "" && text != "" || !strings.Contains(text, log) {
				t.Errorf("%s: log %q, want %q", step, text, log)
			}
		}
		expect("at start", "3yy", "policy.yaml")
		expect("nothing new", "3yy", "")
		h.write("policy.yaml", "copy_image: '@'\ndeactivate: '!'\n")
		expect("changed", "y3y", "file read")
		h.write("policy.d/a.yaml", "copy_image: '!'\n")
		expect("new file in a directory", "33y", "a.yaml")
		h.write("policy.yaml", "copy_image: '@'\nreactivate: '!'\n")
		expect("a rule taken back stays; directories still win", "333", "file read")
		h.write("policy.yaml", "copy_image: [\n")
		expect("malformed", "333", "policy.yaml:")
		expect("reported once", "333", "")
		h.write("policy.yaml", "reactivate: role:member and\n")
		expect("a rule not understood", "333", "policy.yaml:1")
		h.write("policy.yaml", "reactivate: '@'\n")
		expect("repaired", "33y", "file read")
		if err := os.RemoveAll(filepath.Join(h.dir, "policy.d")); err != nil {
			t.Fatal(err)
		}
		expect("directory gone", "33y", "")
		if err := os.Remove(filepath.Join(h.dir, "policy.yaml")); err != nil {
			t.Fatal(err)
		}
		expect("file gone", "33y", "")
		h.write("policy.yaml", "copy_image: rule:nowhere\ndeactivate: rule:deactivate\n")
		expect("back, with a reference to nothing and a cycle", "y3y", `part of a cycle`)
	})
}

// TestMalformedFileKeepsItsPlace: the last good rules of a later file beat new
// rules of an earlier one.
func TestMalformedFileKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.write("policy.d/late.yaml", "copy_image: '@'\n")
		e, err := policy.Open(h.config())
		if err != nil {
			t.Fatal(err)
		}
		h.write("policy.d/late.yaml", "- no mapping\n")
		h.write("policy.yaml", "copy_image: '!'\ndeactivate: '!'\n")
		time.Sleep(time.Second)
		img := image(glance.VisibilityPrivate)
		if got := outcome(e.Image(t.Context(), alice, policy.CopyImage, img)); got != "y" {
			t.Errorf("copy: %s", got)
		}
		if got := outcome(e.Image(t.Context(), alice, policy.Deactivate, img)); got != "3" {
			t.Errorf("deactivate: %s", got)
		}
	})
}

func TestUnreadableFileIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.write("policy.yaml", "copy_image: '@'\n")
		e, err := policy.Open(h.config())
		if err != nil {
			t.Fatal(err)
		}
		// A link to itself cannot be read, even by root.
		path := filepath.Join(h.dir, "policy.yaml")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("policy.yaml", path); err != nil {
			t.Fatal(err)
		}
		h.logged()
		img := image(glance.VisibilityPrivate)
		for range 3 {
			time.Sleep(time.Second)
			if got := outcome(e.Image(t.Context(), alice, policy.CopyImage, img)); got != "y" {
				t.Errorf("copy: %s", got)
			}
		}
		if n := strings.Count(h.logged(), "level=ERROR"); n != 1 {
			t.Errorf("reported %d times", n)
		}
	})
}

// TestRelativeNamesAreFound: a file that appears in a searched directory after
// the start counts, one in the working directory never.
func TestRelativeNamesAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		t.Chdir(t.TempDir())
		write(t, "policy.yaml", "deactivate: '!'\n")
		c := h.config()
		c.File, c.Dirs = "policy.yaml", []string{"policy.d"}
		c.Find = func(name string) (string, bool) {
			path := filepath.Join(h.dir, name)
			_, err := os.Stat(path)
			return path, err == nil
		}
		e, err := policy.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		img := image(glance.VisibilityPrivate)
		if !e.ImageAllowed(t.Context(), alice, policy.Deactivate, img) {
			t.Error("the file in the working directory counts")
		}
		h.write("policy.yaml", "copy_image: '@'\n")
		h.write("policy.d/a.yaml", "deactivate: '!'\n")
		time.Sleep(time.Second)
		if !e.ImageAllowed(t.Context(), alice, policy.CopyImage, img) || e.ImageAllowed(t.Context(), alice, policy.Deactivate, img) {
			t.Error("new files were not found")
		}
	})
}

func TestOpenRefusesBadFiles(t *testing.T) {
	dir := t.TempDir()
	tests := map[string]struct {
		config policy.Config
		want   string
	}{
		"malformed":           {policy.Config{File: write(t, filepath.Join(dir, "a.yaml"), "a: b\nc: 'd\n")}, "a.yaml:2: "},
		"no mapping":          {policy.Config{File: write(t, filepath.Join(dir, "b.yaml"), "- a\n")}, "b.yaml:1: not a mapping"},
		"directory is a file": {policy.Config{Dirs: []string{write(t, filepath.Join(dir, "c"), "")}}, "c: "},
	}
	for name, tt := range tests {
		if _, err := policy.Open(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := policy.Open(policy.Config{File: filepath.Join(dir, "missing.yaml")}); err != nil {
		t.Errorf("a missing file is fine: %v", err)
	}
}

func TestDefaultRule(t *testing.T) {
	e := open(t, "copy_image: rule:nowhere\nlast: role:reader", func(c *policy.Config) { c.DefaultRule = "last" })
	if !e.ImageAllowed(t.Context(), rita, policy.CopyImage, image("private")) || e.ImageAllowed(t.Context(), mona, policy.CopyImage, image("private")) {
		t.Error("policy_default_rule is not used")
	}
}

func TestReloadWhileAsked(t *testing.T) {
	h := newHouse(t)
	h.write("policy.yaml", "copy_image: '@'\n")
	c := h.config()
	c.Log = nil
	e, err := policy.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if !e.ImageAllowed(t.Context(), alice, policy.GetImage, image("public")) {
						t.Error("refused meanwhile")
						return
					}
				}
			}
		})
	}
	for range 50 {
		h.write("policy.yaml", "copy_image: '!'\n")
		h.write("policy.d/x.yaml", "copy_image: '@'\n")
	}
	close(stop)
	wg.Wait()
}
