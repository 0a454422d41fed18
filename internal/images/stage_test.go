package images_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/store"
)

const stagedURL = "mem://staging/" + img1

// TestStageRefused has the rows of spec images-v2 §18 in order; each case also
// breaks rows further down, where that can be.
func TestStageRefused(t *testing.T) {
	over := strings.Repeat("x", 1001)
	tests := []struct {
		name    string
		who     *glance.Caller
		id      string
		img     *glance.Image
		data    images.Data
		prepare func(*locationRig)
		want    fault
	}{
		{"unknown", rita, unknown, queued(), data(over), nil, fault{glance.NotFound, "No image found with ID " + unknown, ""}},
		{"not visible", bob, img1, queued(), data(over), nil, fault{glance.NotFound, "No image found with ID " + img1, ""}},
		{
			"policy", rita, img1, queued(status(glance.StatusActive)), data(over), nil,
			fault{glance.Forbidden, "You are not authorized to complete modify_image action.", ""},
		},
		{
			"status", alice, img1, queued(status(glance.StatusActive)), data(over), nil,
			fault{glance.Conflict, "Image status transition from active to uploading is not allowed", ""},
		},
		{
			"staged already", alice, img1, queued(status(glance.StatusUploading)), data(over), nil,
			fault{glance.Conflict, "Image status transition from uploading to uploading is not allowed", ""},
		},
		{
			"announced too large", alice, img1, queued(), data(over), nil,
			fault{glance.TooLarge, "The incoming image is too large: The provided image is too large.", ""},
		},
		{
			"too large", alice, img1, queued(), streamed(over), nil,
			fault{glance.TooLarge, "The incoming image is too large: The provided image is too large.", ""},
		},
		{
			"less than announced", alice, img1, queued(),
			images.Data{Body: strings.NewReader("abc"), Size: 4},
			nil,
			fault{glance.Invalid, "Size mismatch: expected 4 bytes, got 3 bytes", ""},
		},
		{
			"more than announced", alice, img1, queued(),
			images.Data{Body: strings.NewReader("abcde"), Size: 4},
			nil,
			fault{glance.Invalid, "Size exceeds: expected 4 bytes, got 5 bytes", ""},
		},
		{
			"data there", alice, img1, queued(), data("data"), (*locationRig).leave,
			fault{glance.Conflict, "The image " + img1 + " has data on staging", ""},
		},
		{
			"full", alice, img1, queued(), data("data"), func(r *locationRig) { r.staging.put = func() error { return store.Full(nil) } },
			fault{glance.TooLarge, "Image storage media is full: There is not enough disk space on the image storage media.", ""},
		},
		{
			"not writable", alice, img1, queued(), data("data"), func(r *locationRig) { r.staging.put = func() error { return store.WriteDenied(nil) } },
			fault{glance.Unavailable, "Insufficient permissions on image storage media: Permission to write image storage media denied.", ""},
		},
		{
			"body breaks", alice, img1, queued(),
			images.Data{Body: io.MultiReader(strings.NewReader("ab"), readerFunc(func([]byte) (int, error) { return 0, errBoom })), Size: 4},
			nil,
			fault{kind: glance.Internal},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, tt.img)
			before := r.get(t, img1)
			if tt.prepare != nil {
				tt.prepare(r)
			}
			wantFault(t, r.stager().Stage(t.Context(), tt.who, tt.id, tt.data), tt.want)
			after := r.get(t, img1)
			if after.Status != before.Status || after.Size != nil || len(after.Properties) > 0 || r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
				t.Errorf("left %+v and %v", after, r.journal.left())
			}
		})
	}
}

// leave is data that somebody left in the staging area.
func (r *locationRig) leave() {
	if _, err := r.staging.Driver.Put(context.Background(), store.Upload{ImageID: img1, Attempt: "other", Size: 4}, text4()); err != nil {
		panic(err)
	}
}

func TestStage(t *testing.T) {
	for _, text := range []string{"data", ""} {
		r := newLocationRig(t)
		r.add(t, queued(func(img *glance.Image) { img.DiskFormat, img.ContainerFormat = "", "" }, sized(99)))
		if err := r.stager().Stage(t.Context(), alice, img1, streamed(text)); err != nil {
			t.Fatal(err)
		}
		img := r.get(t, img1)
		host, _ := img.Property(glance.StageHostProperty)
		if img.Status != glance.StatusUploading || img.Size == nil || *img.Size != int64(len(text)) || host.Value != "http://self" || len(img.Locations) > 0 {
			t.Errorf("image is %+v", img)
		}
		if size, err := r.staging.Size(t.Context(), r.place().URL(img1)); err != nil || size != int64(len(text)) {
			t.Errorf("staged %d, %v", size, err)
		}
		if left := r.journal.left(); len(left) > 0 {
			t.Errorf("left in the journal: %v", left)
		}
		shown, err := r.catalog().Show(t.Context(), alice, img1)
		if err != nil || len(shown.Properties) > 0 {
			t.Errorf("shown %+v, %v", shown, err)
		}
		if found, err := r.downloader().Download(t.Context(), alice, img1, nil); err != nil || !found.Empty {
			t.Errorf("download: %+v, %v", found, err)
		}
	}
}

// TestStagesAtOnce: the loser leaves the winner alone.
func TestStagesAtOnce(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	var lost error
	body := midway("da", func() error {
		lost = r.stager().Stage(context.Background(), alice, img1, data("other"))
		return nil
	}, "ta")
	if err := r.stager().Stage(t.Context(), alice, img1, images.Data{Body: body, Size: 4}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, lost, fault{glance.Conflict, "Image status transition from uploading to uploading is not allowed", ""})
	if img := r.get(t, img1); img.Status != glance.StatusUploading || *img.Size != 4 {
		t.Errorf("image is %+v", img)
	}
	var all sync.WaitGroup
	r = newLocationRig(t)
	r.add(t, queued())
	won := make(chan error, 8)
	for range cap(won) {
		all.Go(func() { won <- r.stager().Stage(context.Background(), alice, img1, data("data")) })
	}
	all.Wait()
	close(won)
	n := 0
	for err := range won {
		if err == nil {
			n++
		} else if !errors.Is(err, glance.Conflict) {
			t.Error(err)
		}
	}
	if n != 1 || !r.staging.has(stagedURL) {
		t.Errorf("%d of 8 won", n)
	}
}

// TestStageMeetsDelete: data of an image that was deleted meanwhile is removed.
func TestStageMeetsDelete(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	body := midway("da", func() error { return r.deleter().Delete(context.Background(), alice, img1) }, "ta")
	if err := r.stager().Stage(t.Context(), alice, img1, images.Data{Body: body, Size: 4}); !errors.Is(err, glance.Gone) {
		t.Errorf("got %v", err)
	}
	if r.get(t, img1) != nil || r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
		t.Errorf("left %+v and %v", r.get(t, img1), r.journal.left())
	}
}

// TestDeleteMeetsStage: data that is staged between the removal of the data and
// that of the row goes too, if need be at the next start.
func TestDeleteMeetsStage(t *testing.T) {
	for name, crash := range map[string]bool{"delete": false, "crash": true} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			other := newLocationRig(t)
			other.rig, other.staging = r.elsewhere(), r.staging
			r.db.beforeUpdate = nth(1, func() error {
				return other.stager().Stage(context.Background(), alice, img1, data("data"))
			})
			var left map[string]string
			r.db.afterUpdate = nth(1, func() error {
				left = r.journal.left()[0]
				return nil
			})
			if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
				t.Fatal(err)
			}
			if crash { // it came when the row was gone
				r.leave()
				r.journal.open[99] = left
				r.crash(t)
			}
			if r.get(t, img1) != nil || r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
				t.Errorf("left %+v and %v", r.get(t, img1), r.journal.left())
			}
		})
	}
}

// TestDeleteStaged: the staged data goes with the image, not before the image
// may.
func TestDeleteStaged(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued(func(img *glance.Image) { img.Protected = true }))
	if err := r.stager().Stage(t.Context(), alice, img1, data("data")); err != nil {
		t.Fatal(err)
	}
	if err := r.deleter().Delete(t.Context(), alice, img1); !errors.Is(err, glance.Forbidden) {
		t.Errorf("got %v", err)
	}
	if !r.staging.has(stagedURL) {
		t.Error("the data of a protected image is gone")
	}
	r.update(t, img1, func(img *glance.Image) { img.Protected = false })
	if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
		t.Fatal(err)
	}
	if r.staging.has(stagedURL) {
		t.Error("the data is still there")
	}
}

// TestStageCrash: the next start gives the image back, unless all was there.
func TestStageCrash(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	var left []map[string]string
	body := midway("da", func() error {
		left = r.journal.left()
		return nil
	}, "ta")
	if err := r.stager().Stage(t.Context(), alice, img1, images.Data{Body: body, Size: 4}); err != nil {
		t.Fatal(err)
	}
	r.journal.open[99] = left[0] // the crash comes before it is settled
	r.crash(t)
	if img := r.get(t, img1); img.Status != glance.StatusUploading || !r.staging.has(stagedURL) {
		t.Errorf("a finished stage is gone: %+v", img)
	}
	r.update(t, img1, func(img *glance.Image) {
		img.Size = nil
		img.SetProperty(glance.Property{Name: glance.AttemptProperty, Value: left[0]["attempt"]})
	})
	r.journal.open[99] = left[0] // the crash comes before the size was saved
	r.crash(t)
	if img := r.get(t, img1); img.Status != glance.StatusQueued || r.staging.has(stagedURL) {
		t.Errorf("left %+v", img)
	}
}

// TestStageUnconfirmed: a commit that happened counts, whatever was heard of it.
func TestStageUnconfirmed(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	r.db.afterUpdate = nth(2, func() error { return errBoom })
	if err := r.stager().Stage(t.Context(), alice, img1, data("data")); err != nil {
		t.Error(err)
	}
	if img := r.get(t, img1); img.Status != glance.StatusUploading || !r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
		t.Errorf("left %+v", img)
	}
	r = newLocationRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = nth(2, func() error { return errBoom })
	if err := r.stager().Stage(t.Context(), alice, img1, data("data")); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	if img := r.get(t, img1); img.Status != glance.StatusQueued || r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
		t.Errorf("left %+v", img)
	}
}

// TestStageClaimUncertain: the database fails while it claims the image. Either
// way the next start makes it queued.
func TestStageClaimUncertain(t *testing.T) {
	for name, claimed := range map[string]bool{"claimed": true, "not claimed": false} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			broken := nth(1, func() error { return errBoom })
			if claimed {
				r.db.afterUpdate = broken
			} else {
				r.db.beforeUpdate = broken
			}
			if err := r.stager().Stage(t.Context(), alice, img1, data("x")); !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			r.crash(t)
			r.wantUntouched(t, img1)
		})
	}
}

// TestStageNotRemoved: staged data that could not be removed when its image was
// given back goes at the next start.
func TestStageNotRemoved(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = nth(2, func() error { return errBoom })
	r.staging.deletes(errBoom)
	if err := r.stager().Stage(t.Context(), alice, img1, data("data")); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	if img := r.get(t, img1); img.Status != glance.StatusQueued || !r.staging.has(stagedURL) {
		t.Fatalf("before the start: %+v", img)
	}
	r.staging.deletes(nil)
	r.crash(t)
	if img := r.get(t, img1); img.Status != glance.StatusQueued || r.staging.has(stagedURL) {
		t.Errorf("left %+v", img)
	}
}

// folding is a database that finds ids in any case, as MySQL does.
type folding struct{ metadata.Store }

func (f folding) Image(ctx context.Context, sc metadata.Scope, id string) (*glance.Image, error) {
	return f.Store.Image(ctx, sc, strings.ToLower(id))
}

func (f folding) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	return f.Store.UpdateImage(ctx, sc, strings.ToLower(id), change)
}

// TestIDInOtherCase: data lies under the id of the image, however the request
// spells it: otherwise nobody would find it to remove it.
func TestIDInOtherCase(t *testing.T) {
	const id = "abcdefab-1111-4111-8111-111111111111"
	for name, tt := range map[string]struct {
		take func(*locationRig, string) error
		at   func(*locationRig) bool
	}{
		"stage": {
			func(r *locationRig, id string) error { return r.stager().Stage(t.Context(), alice, id, data("data")) },
			func(r *locationRig) bool { return r.staging.has("mem://staging/" + id) },
		},
		"upload": {
			func(r *locationRig, id string) error {
				return r.uploader().Upload(t.Context(), alice, id, data("data"))
			},
			func(r *locationRig) bool { return r.fast.holds(t, id) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.db.Store = folding{r.db.Store}
			r.add(t, queued(func(img *glance.Image) { img.ID = id }))
			if err := tt.take(r, strings.ToUpper(id)); err != nil {
				t.Fatal(err)
			}
			if !tt.at(r) {
				t.Error("the data lies elsewhere")
			}
			if err := r.deleter().Delete(t.Context(), alice, strings.ToUpper(id)); err != nil {
				t.Fatal(err)
			}
			if tt.at(r) {
				t.Error("the data is left")
			}
		})
	}
}
