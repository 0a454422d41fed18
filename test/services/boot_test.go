//go:build services

package services_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"glance/test/e2e/rig"
)

const (
	bootable  = "/usr/lib/ipxe/ipxe.iso" // of the package ipxe
	bootSays  = "iPXE initialising devices...ok"
	bootLimit = 4 * time.Minute // without hardware help, on a busy machine
)

// TestDownloadedImageBoots: a machine starts from what came back, and says so.
func TestDownloadedImageBoots(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	iso, err := os.ReadFile(bootable)
	n.Must(err)
	img := n.NewImageOf("bootable", "iso")
	n.Must(n.Put(t.Context(), img.ID, iso))
	n.CheckIs(img.ID, iso)
	s.run("curl", "-sSf", "-o", "boot.iso", n.Base+"/v2/images/"+img.ID+"/file")

	var said bytes.Buffer
	qemu := exec.CommandContext(t.Context(), "qemu-system-x86_64", "-accel", "tcg", "-m", "128", "-nographic", "-no-reboot",
		"-nic", "none", "-monitor", "none", "-serial", "file:"+s.path("serial"), "-cdrom", s.path("boot.iso"), "-boot", "d")
	qemu.Dir, qemu.Stdout, qemu.Stderr = s.dir, &said, &said
	n.Must(qemu.Start())
	ended := make(chan error, 1)
	go func() { ended <- qemu.Wait() }()
	defer func() {
		_ = qemu.Process.Kill() // it has nothing more to do
		<-ended
	}()

	limit := time.After(bootLimit)
	ask := time.NewTicker(100 * time.Millisecond)
	defer ask.Stop()
	for {
		console, err := os.ReadFile(s.path("serial"))
		if err == nil && strings.Contains(string(console), bootSays) {
			return
		}
		select {
		case <-ask.C:
		case err := <-ended:
			ended <- err
			t.Fatalf("qemu ended: %v\n%s", err, said.String())
		case <-limit:
			t.Fatalf("the machine does not say %q:\n%s", bootSays, console)
		}
	}
}
