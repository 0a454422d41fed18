package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles all programs of the module in root into dir, as make build
// does, and the tool that makes very many images.
func Build(ctx context.Context, root, dir string) error {
	args := []string{"build", "-trimpath", "-o", dir + string(filepath.Separator), "./cmd/...", "./tools/seedimages"}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
