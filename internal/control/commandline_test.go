package control_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/control"
)

func TestServerWords(t *testing.T) {
	tests := []struct{ line, want string }{
		{"api start", ""},
		{"api --respawn start", ""},
		{"--debug api start", "--debug"},
		{"api start --debug", "--debug"},
		{"api start -d --nouse-syslog", "--debug --nouse-syslog"},
		{"api start --config-file=/a --config-file /b", "--config-file /a --config-file /b"},
		{"api start /dev/null --host ::1 --pid-file x", "--config-file /dev/null --host ::1"},
		{"api start --bind-port 9393", "--bind-port 9393"},
		{"api start -- --debug --pid-file x", "--debug --pid-file x"},
		{"api start /dev/null -- --debug", "--config-file /dev/null --debug"},
		{"api start -- nowhere.conf", "nowhere.conf"},
		{"api start --await 3 --log_file x", "--log-file x"},
		{"api stop nowhere.conf", "nowhere.conf"},
	}
	for _, tt := range tests {
		got, err := control.ServerWords(strings.Fields(tt.line))
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tt.line, err, diff)
		}
	}
}

// FuzzServerWords: no command line breaks the parser, and what stands behind
// "--" reaches the server as it is.
func FuzzServerWords(f *testing.F) {
	for _, seed := range []string{
		"api start", "--debug all restart", "api start --pid-file", "api start -", "-dv api start -dx", "api --await-child=-1 start",
		"registry start --no --config-file", "glance-API FORCE-RELOAD", "--help", "-- api start", "api start ~/x", "scrubber start --=",
	} {
		f.Add(seed, "--debug")
	}
	f.Fuzz(func(t *testing.T, line, last string) {
		words := strings.Fields(line)
		if _, err := control.ServerWords(words); err != nil && err.Error() == "" && len(words) > 1 {
			t.Errorf("an error without a text for %q", words)
		}
		if slices.Contains(words, "--") {
			return
		}
		got, err := control.ServerWords(append(slices.Clone(words), "--", last))
		if err == nil && (len(got) == 0 || got[len(got)-1] != last) {
			t.Errorf("%q: the last word is lost in %q", words, got)
		}
	})
}
