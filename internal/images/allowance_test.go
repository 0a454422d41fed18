package images_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/quota"
)

const mib = 1 << 20

// allowed are limits of every project.
type allowed struct {
	limits map[quota.Resource]int64
	err    error
	asked  []quota.Resource
}

func (a *allowed) Limits(_ context.Context, _ string, of ...quota.Resource) (map[quota.Resource]int64, error) {
	a.asked = append(a.asked, of...)
	return a.limits, a.err
}

// allow makes an allowance without limits but those.
func (r *rig) allow(limits map[quota.Resource]int64) (*images.Allowance, *allowed) {
	all := &allowed{limits: map[quota.Resource]int64{}}
	for _, resource := range quota.Resources() {
		all.limits[resource] = -1
	}
	for resource, n := range limits {
		all.limits[resource] = n
	}
	return &images.Allowance{Images: r.db, Limits: all}, all
}

func overLimit(resource quota.Resource, rest string) fault {
	return fault{kind: glance.TooLarge, explanation: "The request returned a 413 Request Entity Too Large. This generally means that rate " +
		"limiting or a quota threshold was breached.\n\nThe response body:\nProject p-alpha is over a limit for [Resource " +
		string(resource) + " is over limit of " + rest + "]"}
}

// hoard gives p-alpha 3.5 MiB in stores, 2.5 MiB on staging, and 3 images one
// of which is uploading.
func (r *rig) hoard(t *testing.T) {
	t.Helper()
	img := func(id string, status glance.Status, size int64, locations ...glance.Location) {
		r.add(t, queued(func(img *glance.Image) {
			img.ID, img.Status, img.Size, img.Locations = id, status, &size, locations
		}))
	}
	img("aaaaaaaa-1111-4111-8111-111111111111", glance.StatusActive, mib+mib/2, glance.Location{URL: "mem://fast/x"}, glance.Location{URL: "mem://cheap/x"})
	img("bbbbbbbb-1111-4111-8111-111111111111", glance.StatusDeactivated, mib/2, glance.Location{URL: "mem://fast/y"})
	img("cccccccc-1111-4111-8111-111111111111", glance.StatusUploading, 2*mib+mib/2)
}

// TestAllowance: each call in front of its limit and beyond it.
func TestAllowance(t *testing.T) {
	create := func(r *rig, a *images.Allowance) error {
		e := r.editor()
		e.Allowance = a
		_, err := e.Create(context.Background(), alice, creation())
		return err
	}
	upload := func(d func() images.Data) func(*rig, *images.Allowance) error {
		return func(r *rig, a *images.Allowance) error {
			u := r.uploader()
			u.Allowance, u.SizeCap = a, 10*mib
			return u.Upload(context.Background(), alice, img1, d())
		}
	}
	stage := func(d func() images.Data) func(*rig, *images.Allowance) error {
		return func(r *rig, a *images.Allowance) error {
			s := (&locationRig{rig: r, staging: r.cheap}).stager()
			s.Allowance, s.SizeCap = a, 10*mib
			return s.Stage(context.Background(), alice, img1, d())
		}
	}
	sized := func(n int) func() images.Data { return func() images.Data { return data(strings.Repeat("x", n)) } }
	unsized := func() images.Data { return streamed("x") }
	type limits = map[quota.Resource]int64
	for name, tt := range map[string]struct {
		do    func(*rig, *images.Allowance) error
		fits  limits
		over  limits
		want  fault
		after bool // the image was claimed
	}{
		"create": {
			do: create, fits: limits{quota.ImageCountTotal: 5}, over: limits{quota.ImageCountTotal: 4},
			want: overLimit(quota.ImageCountTotal, "4 due to current usage 4 and delta 1"),
		},
		"upload, size known": {
			do: upload(sized(2*mib + mib/2)), fits: limits{quota.ImageSizeTotal: 5}, over: limits{quota.ImageSizeTotal: 4},
			want: overLimit(quota.ImageSizeTotal, "4 due to current usage 3 and delta 2"),
		},
		"upload, size unknown": {
			do: upload(unsized), fits: limits{quota.ImageSizeTotal: 3}, over: limits{quota.ImageSizeTotal: 2},
			want: overLimit(quota.ImageSizeTotal, "2 due to current usage 3 and delta 0"),
		},
		"upload, too many": {
			do: upload(sized(1)), fits: limits{quota.ImageCountUploading: 2}, over: limits{quota.ImageCountUploading: 1},
			want: overLimit(quota.ImageCountUploading, "1 due to current usage 2 and delta 0"),
		},
		"stage, size known": {
			do: stage(sized(mib)), fits: limits{quota.ImageStageTotal: 3}, over: limits{quota.ImageStageTotal: 2},
			want: overLimit(quota.ImageStageTotal, "2 due to current usage 2 and delta 1"),
		},
		"stage, size unknown": {
			do: stage(unsized), fits: limits{quota.ImageStageTotal: 2}, over: limits{quota.ImageStageTotal: 1},
			want: overLimit(quota.ImageStageTotal, "1 due to current usage 2 and delta 0"),
		},
		"stage, too many": {
			do: stage(sized(1)), fits: limits{quota.ImageCountUploading: 2}, over: limits{quota.ImageCountUploading: 1},
			want: overLimit(quota.ImageCountUploading, "1 due to current usage 2 and delta 0"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			for limit, ok := range map[*limits]bool{&tt.fits: true, &tt.over: false} {
				r := newRig(t)
				r.hoard(t)
				r.add(t, queued())
				a, _ := r.allow(*limit)
				err := tt.do(r, a)
				if ok {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				wantFault(t, err, tt.want)
				r.wantUntouched(t, img1)
			}
		})
	}
}

// TestAllowanceComesFirst: where the size is refused nobody learns whether the
// image exists; where limits cannot be had nothing goes.
func TestAllowanceComesFirst(t *testing.T) {
	r := newRig(t)
	u := r.uploader()
	var all *allowed
	u.Allowance, all = r.allow(map[quota.Resource]int64{quota.ImageSizeTotal: 0})
	nowhere := "nowhere"
	d := data(strings.Repeat("x", mib))
	d.Store = &nowhere
	wantFault(t, u.Upload(t.Context(), alice, unknown, d), overLimit(quota.ImageSizeTotal, "0 due to current usage 0 and delta 1"))
	all.err = &glance.Error{Kind: glance.Internal, Cause: errBoom}
	r.add(t, queued())
	for _, err := range []error{
		u.Upload(t.Context(), alice, img1, data("x")),
		func() error { _, err := u.Allowance.Usage(t.Context(), alice); return err }(),
	} {
		if !errors.Is(err, errBoom) || glance.KindOf(err) != glance.Internal {
			t.Error(err)
		}
	}
	r.wantUntouched(t, img1)
}

func TestAllowanceUsage(t *testing.T) {
	r := newRig(t)
	r.hoard(t)
	a, all := r.allow(map[quota.Resource]int64{quota.ImageSizeTotal: 10})
	delete(all.limits, quota.ImageCountTotal)
	got, err := a.Usage(t.Context(), alice)
	want := []quota.Claim{
		{Resource: quota.ImageSizeTotal, Limit: 10, Usage: 3},
		{Resource: quota.ImageStageTotal, Limit: -1, Usage: 2},
		{Resource: quota.ImageCountTotal, Limit: 0, Usage: 3},
		{Resource: quota.ImageCountUploading, Limit: -1, Usage: 1},
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if got, err := (*images.Allowance)(nil).Usage(t.Context(), alice); got != nil || err != nil {
		t.Errorf("without limits: %v, %v", got, err)
	}
}

// TestOldCreateIsCounted: API v1 does not get around the limits.
func TestOldCreateIsCounted(t *testing.T) {
	r := newRig(t)
	in := &images.Intake{Editor: r.editor(), Uploader: r.uploader()}
	in.Editor.Allowance, _ = r.allow(map[quota.Resource]int64{quota.ImageCountTotal: 0})
	_, err := in.Create(t.Context(), alice, images.OldMeta{Image: *queued()}, images.Data{})
	wantFault(t, err, overLimit(quota.ImageCountTotal, "0 due to current usage 0 and delta 1"))
	if r.get(t, img1) != nil {
		t.Error("the image was made")
	}
}
