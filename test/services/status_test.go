//go:build services

package services_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStatusBesideTheOriginal: glance-status prints what the original's prints,
// byte for byte.
func TestStatusBesideTheOriginal(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.write("policy.json", []byte(`{"get_image": "@"}`))
	s.write("policy.yaml", []byte("get_image: '@'\n"))
	s.write("fine.conf", []byte("[DEFAULT]\nenabled_backends = a:file\n[oslo_policy]\npolicy_file = policy.yaml\n"))
	s.write("sheep.conf", []byte("[glance_store]\nstores = file,sheepdog\ndefault_store = sheepdog\n"))
	s.write("all.conf", []byte("[DEFAULT]\nenabled_backends = sheepdog:sheepdog\nowner_is_tenant = no\n[oslo_policy]\npolicy_file = policy.json\n"))
	s.write("value.conf", []byte("[DEFAULT]\nowner_is_tenant = perhaps\n"))
	for _, tt := range []struct {
		words string
		codes bool // texts are Python's tracebacks: compare the code alone
	}{
		{words: "upgrade check"},
		{words: "--config-file fine.conf upgrade check"},
		{words: "--config-file sheep.conf upgrade check"},
		{words: "--config-file all.conf upgrade check"},
		{words: "--config-file all.conf upgrade --json check"},
		{words: "--config-file all.conf upgrade check --js"},
		{words: "--config-dir nowhere upgrade check"},
		{words: "upgrade --help"},
		{words: "upgrade"},
		{words: "--config-file value.conf upgrade check", codes: true},
		{words: "--config-file nowhere.conf upgrade check", codes: true},
		{words: "upgrade check more", codes: true},
		{words: "", codes: true},
		{words: "downgrade check", codes: true},
	} {
		ours := said(s, filepath.Join(programs(), "glance-status"), tt.words)
		theirs := said(s, "/usr/bin/glance-status", tt.words)
		if tt.codes {
			ours.stdout, ours.stderr, theirs.stdout, theirs.stderr = "", "", "", ""
		}
		if strings.HasPrefix(theirs.stderr, "Deprecated: ") { // of oslo.config
			theirs.stderr = ""
		}
		if ours != theirs {
			t.Errorf("%s: ours\n%+v\nthe original\n%+v", tt.words, ours, theirs)
		}
	}
}

// saying is what a program has printed when it ends.
type saying struct {
	code           int
	stdout, stderr string
}

func said(s *shell, program, words string) saying {
	s.t.Helper()
	stdout, stderr, err := s.try(program, strings.Fields(words)...)
	out := saying{0, stdout, stderr}
	if exit := (*exec.ExitError)(nil); err != nil {
		if !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
		out.code = exit.ExitCode()
	}
	return out
}
