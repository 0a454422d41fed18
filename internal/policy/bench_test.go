package policy_test

import (
	"path/filepath"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

// BenchmarkGetImage asks what a list asks per row: of a stranger, which takes
// longest, with a policy file that is looked at.
func BenchmarkGetImage(b *testing.B) {
	e, err := policy.Open(policy.Config{
		File: filepath.Join("testdata", "policy.yaml"), Dirs: []string{b.TempDir()}, EnforceNewDefaults: true, EnforceScope: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	img := image(glance.VisibilityPublic)
	b.ReportAllocs()
	for b.Loop() {
		if !e.ImageAllowed(b.Context(), bob, policy.GetImage, img) {
			b.Fatal("refused")
		}
	}
}

func TestImageAllowedDoesNotAllocate(t *testing.T) {
	e := open(t, "")
	ctx, img := t.Context(), image(glance.VisibilityPublic)
	if n := testing.AllocsPerRun(1000, func() { e.ImageAllowed(ctx, bob, policy.GetImage, img) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
