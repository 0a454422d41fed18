package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glance/internal/config"
)

func TestSamplesAreCurrent(t *testing.T) {
	for name, want := range samples() {
		got, err := os.ReadFile(filepath.Join("../../etc", name))
		if err != nil || string(got) != want {
			t.Errorf("etc/%s is not what the option structs say; run: go run ./tools/samples (%v)", name, err)
		}
	}
}

// A sample with every option switched on at its default is a configuration
// that loads, and changes nothing.
func TestSamplesLoad(t *testing.T) {
	option := regexp.MustCompile(`(?m)^#([a-z0-9_]+ =.*)$`)
	unset := regexp.MustCompile(`(?m)^.* = <None>$`)
	for name, text := range samples() {
		t.Run(name, func(t *testing.T) {
			prog := strings.TrimSuffix(name, ".conf.sample")
			text = option.ReplaceAllString(unset.ReplaceAllString(text, ""), "$1")
			if got, want := dump(t, prog, text), dump(t, prog, ""); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// dump is the option dump of a program with a configuration, without what it was
// read from.
func dump(t *testing.T, prog, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), prog+".conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in := config.Input{Prog: prog, Args: []string{"--config-file", path}}
	c, err := load(in)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(c.Dump()[4:], "\n")
}

// load loads the configuration of a program.
func load(in config.Input) (interface{ Dump() []string }, error) {
	switch in.Prog {
	case "glance-api":
		return config.LoadAPI(in)
	case "glance-registry":
		return config.LoadRegistry(in)
	case "glance-replicator":
		c, _, err := config.LoadReplicator(in)
		return c, err
	}
	c, _, err := config.LoadTool(in, config.ScrubberFlags(), "", false)
	return c, err
}
