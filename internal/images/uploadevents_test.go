package images_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/store"
)

// midway gives some data, then does f, then gives the rest.
func midway(first string, f func() error, rest string) io.Reader {
	return io.MultiReader(strings.NewReader(first), readerFunc(func([]byte) (int, error) {
		if err := f(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}), strings.NewReader(rest))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// filler is more than all buffers of a transfer hold.
var filler = strings.Repeat("x", 600)

func TestUploadBodyFails(t *testing.T) {
	for _, broken := range []error{errBoom, io.ErrUnexpectedEOF} {
		r := newRig(t)
		r.add(t, queued())
		body := io.MultiReader(strings.NewReader(filler), iotest.ErrReader(broken))
		err := r.uploader().Upload(t.Context(), alice, img1, images.Data{Body: body, Size: images.SizeUnknown})
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		r.wantUntouched(t, img1)
	}
}

func TestUploadCancelled(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	ctx, cancel := context.WithCancelCause(t.Context())
	body := midway(filler, func() error { cancel(errBoom); return nil }, filler)
	err := r.uploader().Upload(ctx, alice, img1, images.Data{Body: body, Size: images.SizeUnknown})
	if !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	r.wantUntouched(t, img1)
}

// TestUploadCancelledAtTheEnd: when all data is stored, a client that hangs up
// does not matter any more.
func TestUploadCancelledAtTheEnd(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	ctx, cancel := context.WithCancel(t.Context())
	r.db.beforeUpdate = nth(2, func() error { cancel(); return nil })
	if err := r.uploader().Upload(ctx, alice, img1, data("x")); err != nil {
		t.Error(err)
	}
	if img := r.get(t, img1); img.Status != glance.StatusActive || !r.fast.holds(t, img1) {
		t.Errorf("got %+v", img)
	}
}

// TestUploadFailsBehindTheStore: a store that knows the size is done before the
// stream has ended. What fails then, fails with data in the store.
func TestUploadFailsBehindTheStore(t *testing.T) {
	for name, hangUp := range map[string]bool{"the body breaks": false, "the client hangs up": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			stored := make(chan struct{})
			r.fast.Driver = eager{r.fast.Driver, 512, func() { close(stored) }}
			ctx, cancel := context.WithCancelCause(t.Context())
			body := midway(strings.Repeat("x", 512), func() error {
				<-stored
				if !hangUp {
					return errBoom
				}
				cancel(errBoom)
				return nil
			}, "")
			err := r.uploader().Upload(ctx, alice, img1, images.Data{Body: body, Size: images.SizeUnknown})
			if !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			r.wantUntouched(t, img1)
		})
	}
}

// eager is a store that reads so many bytes and not the end behind them.
type eager struct {
	store.Driver
	bytes  int64
	stored func()
}

func (e eager) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	defer e.stored()
	return e.Driver.Put(ctx, up, io.LimitReader(r, e.bytes))
}

func TestUploadCommitFails(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = nth(2, func() error { return errBoom })
	if err := r.uploader().Upload(t.Context(), alice, img1, data("x")); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	r.wantUntouched(t, img1)
}

// TestUploadCommitUncertain: the connection to the database breaks when the
// commit has happened. Nobody may remove the data of an active image.
func TestUploadCommitUncertain(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.db.afterUpdate = nth(2, func() error { return errBoom })
	if err := r.uploader().Upload(t.Context(), alice, img1, data("x")); err != nil {
		t.Errorf("got %v", err)
	}
	if img := r.get(t, img1); img.Status != glance.StatusActive || !r.fast.holds(t, img1) {
		t.Errorf("got %+v", img)
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestUploadDatabaseGone: with nobody to ask whether the commit happened, the
// data stays, and so does the journal entry, from which the next start decides.
func TestUploadDatabaseGone(t *testing.T) {
	for name, committed := range map[string]bool{"committed": true, "not committed": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			down := func() error {
				r.db.beforeUpdate = func(int) error { return errBoom }
				r.db.beforeRead = func() error { return errBoom }
				return errBoom
			}
			if committed {
				r.db.afterUpdate = nth(2, down)
			} else {
				r.db.beforeUpdate = nth(2, down)
			}
			if err := r.uploader().Upload(t.Context(), alice, img1, data("x")); !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			if !r.fast.holds(t, img1) {
				t.Error("the data is gone")
			}
			r.restart(t)
			if !committed {
				r.wantUntouched(t, img1)
			} else if img := r.get(t, img1); img.Status != glance.StatusActive || !r.fast.holds(t, img1) {
				t.Errorf("got %+v", img)
			}
		})
	}
}

// TestUploadClaimUncertain: the database fails while it claims the image.
// Either way the next start makes it queued.
func TestUploadClaimUncertain(t *testing.T) {
	for name, claimed := range map[string]bool{"claimed": true, "not claimed": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			broken := nth(1, func() error { return errBoom })
			if claimed {
				r.db.afterUpdate = broken
			} else {
				r.db.beforeUpdate = broken
			}
			if err := r.uploader().Upload(t.Context(), alice, img1, data("x")); !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			r.restart(t)
			r.wantUntouched(t, img1)
		})
	}
}

// TestUploadCancelledAtTheClaim: a client that hangs up while the image is
// claimed leaves nothing for the next start, which would take the image away
// from whoever is writing it by then.
func TestUploadCancelledAtTheClaim(t *testing.T) {
	for name, take := range map[string]func(*locationRig, context.Context) error{
		"upload": func(r *locationRig, ctx context.Context) error {
			return r.uploader().Upload(ctx, alice, img1, data("x"))
		},
		"stage": func(r *locationRig, ctx context.Context) error { return r.stager().Stage(ctx, alice, img1, data("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			ctx, cancel := context.WithCancel(t.Context())
			r.db.beforeUpdate = nth(1, func() error { cancel(); return nil })
			if err := take(r, ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			r.wantUntouched(t, img1)
		})
	}
}

// TestUploadNotGivenBack: the image cannot become queued again.
func TestUploadNotGivenBack(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = func(n int) error {
		if n > 1 {
			return errBoom
		}
		return nil
	}
	wantFault(t, r.uploader().Upload(t.Context(), alice, img1, images.Data{Body: strings.NewReader("x"), Size: 2}),
		fault{glance.Invalid, "Size mismatch: expected 2 bytes, got 1 bytes", ""})
	if img := r.get(t, img1); img.Status != glance.StatusSaving || r.fast.holds(t, img1) {
		t.Errorf("got %+v", img)
	}
	r.restart(t)
	r.wantUntouched(t, img1)
}

// TestUploadNotRemoved: the data of a failed upload cannot be removed.
func TestUploadNotRemoved(t *testing.T) {
	r := newRig(t)
	r.add(t, queued(func(img *glance.Image) { img.DiskFormat = "qcow2" }))
	r.fast.delete = func(context.Context) error { return errBoom }
	wantFault(t, r.uploader().Upload(t.Context(), alice, img1, data("x")),
		fault{glance.UnsupportedMedia, "", "Image disk_format qcow2 does not match stream data raw"})
	if img := r.get(t, img1); img.Status != glance.StatusQueued || !r.fast.holds(t, img1) {
		t.Errorf("got %+v", img)
	}
	r.restart(t)
	r.wantUntouched(t, img1)
}

func TestDeleteDuringUpload(t *testing.T) {
	for name, announced := range map[string]int64{"announced": 1200, "streamed": images.SizeUnknown} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			body := midway(filler, func() error { return r.elsewhere().deleter().Delete(t.Context(), alice, img1) }, filler)
			u := r.uploader()
			u.SizeCap = 10000
			err := u.Upload(t.Context(), alice, img1, images.Data{Body: body, Size: announced})
			wantFault(t, err, fault{glance.Gone, goneText, ""})
			if r.get(t, img1) != nil || r.fast.holds(t, img1) || len(r.journal.left()) > 0 {
				t.Error("something is left")
			}
		})
	}
}

// TestUploadOvertaken: another request wins between the look at the status and
// the claim.
func TestUploadOvertaken(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = nth(1, func() error {
		return r.elsewhere().uploader().Upload(t.Context(), alice, img1, data("winner"))
	})
	wantFault(t, r.uploader().Upload(t.Context(), alice, img1, data("loser")), fault{glance.Gone, goneText, ""})
	if img := r.get(t, img1); img.Status != glance.StatusActive || *img.Size != 6 || !r.fast.holds(t, img1) {
		t.Errorf("got %+v", img)
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestUploadsAtOnce: exactly one wins, and the image holds its data.
func TestUploadsAtOnce(t *testing.T) {
	const n = 8
	r := newRig(t)
	r.add(t, queued())
	u := r.uploader()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = u.Upload(t.Context(), alice, img1, data(fmt.Sprint("upload ", i))) })
	}
	all.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err != nil:
			if k := glance.KindOf(err); k != glance.Gone && k != glance.Conflict {
				t.Errorf("loser %d: %v", i, err)
			}
		case winner >= 0:
			t.Errorf("%d and %d win", winner, i)
		default:
			winner = i
		}
	}
	if got := r.read(t, alice, img1); got != fmt.Sprint("upload ", winner) {
		t.Errorf("%d won, the data is %q", winner, got)
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestUploadQuotaTakenMeanwhile: two uploads fit each alone, but not together.
func TestUploadQuotaTakenMeanwhile(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.add(t, queued(func(img *glance.Image) { img.ID = img2 }))
	u := r.uploader()
	u.Quota = 1000
	body := midway(filler, func() error { return u.Upload(t.Context(), alice, img2, data(filler)) }, "")
	wantFault(t, u.Upload(t.Context(), alice, img1, images.Data{Body: body, Size: 600}), fault{
		glance.TooLarge, "Image exceeds the storage quota: The size of the data 600 will exceed the limit. 400 bytes remaining.", "",
	})
	r.wantUntouched(t, img1)
}

// TestUploadWarns: what inspection let pass is told to the operator.
func TestUploadWarns(t *testing.T) {
	r := newRig(t)
	r.add(t, queued(func(img *glance.Image) { img.DiskFormat = "qcow2" }))
	var log bytes.Buffer
	r.log = slog.New(slog.NewTextHandler(&log, nil))
	u := r.uploader()
	u.Formats.AllowMismatch = true
	if err := u.Upload(t.Context(), alice, img1, data("x")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"level=WARN", "image_id=" + img1, "Image disk_format qcow2 does not match stream data raw"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, log.String())
		}
	}
}
