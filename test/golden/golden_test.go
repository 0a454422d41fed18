package golden_test

import (
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"glance/test/golden"
)

var updateNotYet = flag.Bool("update-notyet", false, "write notyet.txt anew from the results")

const (
	notYetFile = "notyet.txt"
	// atOnce is how many servers run side by side.
	atOnce = 2
	// maxUnclean is how many scenarios may find the server not empty before it is given up.
	maxUnclean = 3
	// patience is how long the original was given; a scenario that is not expected to pass gets less.
	patience      = 30 * time.Second
	shortPatience = 3 * time.Second
)

// TestGolden replays all scenarios, one server per configuration.
func TestGolden(t *testing.T) {
	scenarios, err := golden.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	list := readNotYet(t, scenarios)
	programs, err := golden.Build(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	web, err := golden.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()

	configs := map[string][]*golden.Scenario{}
	for _, sc := range scenarios {
		configs[sc.Config] = append(configs[sc.Config], sc)
	}
	r := &run{programs: programs, web: web.URL, list: list, results: map[string]error{}}
	free := make(chan struct{}, atOnce)
	t.Run("config", func(t *testing.T) {
		for _, config := range slices.Sorted(maps.Keys(configs)) {
			t.Run(config, func(t *testing.T) {
				t.Parallel()
				free <- struct{}{}
				defer func() { <-free }()
				r.config(t, config, configs[config])
			})
		}
	})
	passed := 0
	for _, err := range r.results {
		if err == nil {
			passed++
		}
	}
	t.Logf("%d of %d scenarios pass, %d of %d were run", passed, len(r.results), len(r.results), len(scenarios))
	if *updateNotYet {
		list.Update(r.results)
		if err := os.WriteFile(notYetFile, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readNotYet also refuses names of no scenario.
func readNotYet(t *testing.T, scenarios []*golden.Scenario) golden.NotYet {
	t.Helper()
	text, err := os.ReadFile(notYetFile)
	if err != nil {
		t.Fatal(err)
	}
	list, err := golden.ParseNotYet(string(text))
	if err != nil {
		t.Fatalf("%s: %v", notYetFile, err)
	}
	for name := range list {
		if !slices.ContainsFunc(scenarios, func(sc *golden.Scenario) bool { return sc.Name == name }) {
			t.Errorf("%s: there is no scenario %s", notYetFile, name)
		}
	}
	return list
}

// run collects results over all configurations.
type run struct {
	programs golden.Programs
	web      string
	list     golden.NotYet

	mu      sync.Mutex
	results map[string]error
}

// config plays the scenarios of one configuration in order. Without a server none of them passes.
func (r *run) config(t *testing.T, name string, scenarios []*golden.Scenario) {
	files, err := fs.Sub(os.DirFS("testdata/configs"), name)
	if err != nil {
		t.Fatal(err)
	}
	workdir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, startErr := golden.Start(t.Context(), r.programs, files, workdir)
	if startErr == nil {
		defer func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		}()
	} else {
		t.Log(startErr) // once; the scenarios below fail, or are known not to pass
		startErr = errors.New("the server does not start")
	}
	unclean := 0
	for _, sc := range scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			err := startErr
			if err == nil {
				target := golden.Target{Addr: server.Addr, Workdir: workdir, Web: r.web, Patience: patience}
				if r.list[sc.Name] != "" {
					target.Patience = shortPatience
				}
				err = target.Replay(t.Context(), sc)
			}
			if errors.Is(err, golden.ErrNotClean) {
				if unclean++; unclean == maxUnclean {
					startErr = err // do not wait as long for every other one
				}
			}
			r.judge(t, sc.Name, err)
		})
	}
}

func (r *run) judge(t *testing.T, name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[name] = err
	reason := r.list[name]
	switch {
	case *updateNotYet && err != nil:
		t.Log(err)
	case *updateNotYet:
	case err != nil && reason == "":
		t.Error(err)
	case err != nil:
		t.Logf("not yet (%s): %v", reason, err)
	case reason != "":
		t.Errorf("passes now: take it out of %s", notYetFile)
	}
}
