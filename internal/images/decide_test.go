package images_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/policy"
)

// judged makes an enforcer that asks a server about changes.
func judged(t *testing.T, post policy.Post) *policy.Enforcer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	const rule = "http://judge/%(status)s"
	text := ""
	for _, name := range []string{"modify_image", "deactivate", "reactivate", "set_image_location", "publicize_image"} {
		text += name + ": " + rule + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := policy.Open(policy.Config{File: file, EnforceNewDefaults: true, Post: post})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func publish() []images.Change {
	public := "public"
	return []images.Change{{Op: images.Replace, Name: "visibility", Value: images.Value{Text: &public}}}
}

// changes are the calls that ask rules about an image while they change it.
func changes() map[string]func(*locationRig) error {
	ctx := context.Background()
	return map[string]func(*locationRig) error{
		"patch": func(r *locationRig) error { _, err := r.editor().Patch(ctx, alice, img1, publish()); return err },
		"patch locations": func(r *locationRig) error {
			_, err := r.editor().Patch(ctx, alice, img1, addAt("-", "http://web/a"))
			return err
		},
		"patch locations, with a quota": func(r *locationRig) error {
			r.quota = 1000
			_, err := r.editor().Patch(ctx, alice, img1, addAt("-", "http://web/a"))
			return err
		},
		"add a tag":    func(r *locationRig) error { return r.editor().AddTag(ctx, alice, img1, "x") },
		"remove a tag": func(r *locationRig) error { return r.editor().RemoveTag(ctx, alice, img1, "there") },
		"deactivate":   func(r *locationRig) error { return r.editor().Deactivate(ctx, alice, img1) },
		"update by API v1": func(r *locationRig) error {
			in := &images.Intake{Editor: r.editor(), Uploader: r.uploader()}
			name := "new"
			_, err := in.Update(ctx, alice, img1, images.OldMeta{Image: glance.Image{Name: &name}, Named: map[string]bool{"name": true}}, false, images.Data{})
			return err
		},
	}
}

// TestRulesAreAskedOutsideTransactions: while the server of a rule takes its
// time, others go on writing.
func TestRulesAreAskedOutsideTransactions(t *testing.T) {
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.policy = judged(t, func(ctx context.Context, _, _ string, _ []byte) ([]byte, error) {
				r.update(t, img2, func(img *glance.Image) { img.MinDisk++ }) // waits for the end of a transaction
				return []byte("True"), ctx.Err()
			})
			r.add(t, queued(status(glance.StatusActive), sized(4), func(img *glance.Image) { img.Tags = []string{"there"} }))
			r.add(t, queued(func(img *glance.Image) { img.ID = img2 }))
			if err := change(r); err != nil {
				t.Error(err)
			}
			if r.get(t, img2).MinDisk == 0 {
				t.Error("nobody was asked")
			}
			if before := r.get(t, img1); before.UpdatedAt.Equal(before.CreatedAt) {
				t.Error("nothing was changed")
			}
		})
	}
}

// TestRulesDecideOnWhatIsChanged: an image that changes while a rule is being
// asked about it is asked about anew, and a no then counts.
func TestRulesDecideOnWhatIsChanged(t *testing.T) {
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			var asked atomic.Int64
			r.policy = judged(t, func(_ context.Context, _, _ string, body []byte) ([]byte, error) {
				if strings.Contains(string(body), "raw") {
					r.update(t, img1, func(img *glance.Image) { img.DiskFormat = "iso" })
					asked.Add(1)
					return []byte("True"), nil
				}
				return []byte("False"), nil
			})
			r.add(t, queued(status(glance.StatusActive), sized(4), func(img *glance.Image) { img.Tags = []string{"there"} }))
			err := change(r)
			if !errors.Is(err, glance.Forbidden) || asked.Load() == 0 {
				t.Errorf("got %v", err)
			}
			img := r.get(t, img1)
			if img.Visibility != glance.VisibilityShared || img.Name != nil || len(img.Tags) != 1 || len(img.Locations) > 0 || img.Status != glance.StatusActive {
				t.Errorf("changed: %+v", img)
			}
		})
	}
}

// TestImageNeverAtRest: an image that changes each time that it is asked about
// does not hold a request for ever.
func TestImageNeverAtRest(t *testing.T) {
	r := newLocationRig(t)
	asked := 0
	r.policy = judged(t, func(context.Context, string, string, []byte) ([]byte, error) {
		asked++
		r.update(t, img1, func(img *glance.Image) { img.SetProperty(glance.Property{Name: "n", Value: fmt.Sprint(asked)}) })
		return []byte("True"), nil
	})
	r.add(t, queued())
	err := r.editor().AddTag(t.Context(), alice, img1, "x")
	if !errors.Is(err, glance.Unavailable) || asked > 1000 {
		t.Errorf("%v after %d questions", err, asked)
	}
}

// TestAServerThatFailsDenies, and it is not asked again and again.
func TestAServerThatFailsDenies(t *testing.T) {
	r := newLocationRig(t)
	asked := 0
	r.policy = judged(t, func(context.Context, string, string, []byte) ([]byte, error) {
		asked++
		return nil, errBoom
	})
	r.add(t, queued())
	if err := r.editor().AddTag(t.Context(), alice, img1, "x"); !errors.Is(err, glance.Forbidden) || asked != 1 {
		t.Errorf("%v after %d questions", err, asked)
	}
}
