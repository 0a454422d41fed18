package method_test

import (
	"os"
	"os/exec"
	"testing"
)

// again runs the calling test in a process with a proxy in its environment.
func again(t *testing.T, proxy string) ([]byte, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.count=1") //nolint:gosec // this test itself
	cmd.Env = append(os.Environ(), "http_proxy="+proxy, "HTTP_PROXY="+proxy, "no_proxy=")
	return cmd.CombinedOutput()
}
