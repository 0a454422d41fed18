package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"glance/internal/config"
	"glance/internal/lifecycle"
)

// unit reads the options of a systemd unit.
func unit(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			options[name] = value
		}
	}
	return options
}

// TestFault20Units: systemd gives a server more time to stop than draining and
// cleaning up take, hears from it, and does not start a wrong configuration
// over and over.
func TestFault20Units(t *testing.T) {
	units, err := filepath.Glob("../../etc/systemd/*.service")
	if err != nil || len(units) != 3 {
		t.Fatalf("%q, %v", units, err)
	}
	const cleaningUp = 3 * time.Second
	for _, path := range units {
		u := unit(t, path)
		program := strings.TrimSuffix(filepath.Base(path), ".service")
		stop, err := strconv.Atoi(u["TimeoutStopSec"])
		if err != nil || time.Duration(stop)*time.Second <= lifecycle.DefaultDrainLimit+cleaningUp {
			t.Errorf("%s: TimeoutStopSec is %s", path, u["TimeoutStopSec"])
		}
		start := "/usr/bin/" + program
		if program == "glance-scrubber" {
			start += " --daemon"
		}
		if u["Type"] != "notify" || u["ExecStart"] != start || u["ExecReload"] != "/bin/kill -HUP $MAINPID" {
			t.Errorf("%s: %v", path, u)
		}
		for _, code := range []int{config.CodeUsage, config.CodeStore, config.CodeValue, config.CodeOption} {
			if !slices.Contains(strings.Fields(u["RestartPreventExitStatus"]), strconv.Itoa(code)) {
				t.Errorf("%s: starts again after exit code %d", path, code)
			}
		}
	}
}
