package images_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/store"
)

func addAt(position, url string, meta ...string) []images.Change {
	return []images.Change{{
		Op: images.Add, Name: "locations", Position: position,
		Value: images.Value{Locations: []images.NewLocation{{URL: url, Metadata: at(url, meta...).Metadata}}},
	}}
}

func saying(changes []images.Change, pairs ...string) []images.Change {
	for i := range changes[0].Value.Locations {
		v := map[string]string{}
		for k := 0; k < len(pairs); k += 2 {
			v[pairs[k]] = pairs[k+1]
		}
		changes[0].Value.Locations[i].Validation = v
	}
	return changes
}

func replaceBy(list ...string) []images.Change {
	c := images.Change{Op: images.Replace, Name: "locations"}
	for _, url := range list {
		c.Value.Locations = append(c.Value.Locations, images.NewLocation{URL: url})
	}
	return []images.Change{c}
}

func removeAt(position string) []images.Change {
	return []images.Change{{Op: images.Remove, Name: "locations", Position: position}}
}

var hex64 = strings.Repeat("ab", 32)

func status(s glance.Status) func(*glance.Image) { return func(img *glance.Image) { img.Status = s } }

func sized(n int64) func(*glance.Image) { return func(img *glance.Image) { img.Size = &n } }

func lying(list ...string) func(*glance.Image) {
	return func(img *glance.Image) {
		for _, url := range list {
			img.Locations = append(img.Locations, at(url))
		}
	}
}

// TestPatchLocationsRefused has the rows of spec images-v2 §10 in order; each
// case also breaks rows further down, where that can be.
func TestPatchLocationsRefused(t *testing.T) {
	forbidden := func(s string) fault { return fault{glance.Forbidden, s, ""} }
	conflict := func(s string) fault { return fault{glance.Conflict, s, ""} }
	invalid := func(s string) fault { return fault{glance.Invalid, s, ""} }
	active := status(glance.StatusActive)
	tests := []struct {
		name    string
		who     *glance.Caller
		img     *glance.Image
		prepare func(*locationRig)
		changes []images.Change
		want    fault
	}{
		{"empty list", rita, queued(), (*locationRig).hide, replaceBy(), fault{glance.Forbidden, "", "Cannot set locations to empty list."}},
		{
			"policy to set", rita, queued(), (*locationRig).hide, addAt("-", "http://web/a"),
			forbidden("You are not authorized to complete set_image_location action."),
		},
		{
			"policy to delete", alice, queued(), (*locationRig).hide, removeAt("0"),
			forbidden("You are not authorized to complete delete_image_location action."),
		},
		{
			"hidden, add", alice, queued(status(glance.StatusSaving)), (*locationRig).hide, addAt("-", "bad"),
			forbidden("It's not allowed to add locations if locations are invisible."),
		},
		{
			"hidden, replace", alice, queued(), (*locationRig).hide, replaceBy("bad"),
			forbidden("It's not allowed to update locations if locations are invisible."),
		},
		{
			"hidden, remove", boss, queued(), (*locationRig).hide, removeAt("0"),
			forbidden("It's not allowed to remove locations if locations are invisible."),
		},
		{
			"status, add", alice, queued(status(glance.StatusSaving)), nil, saying(addAt("x", "bad"), "os_hash_algo", "md4"),
			conflict("It's not allowed to add locations if image status is saving."),
		},
		{
			"status, replace", alice, queued(status(glance.StatusImporting)), nil, replaceBy("bad"),
			conflict("It's not allowed to replace locations if image status is importing."),
		},
		{
			"status, remove", boss, queued(), nil, removeAt("0"),
			conflict("It's not allowed to remove locations if image status is queued."),
		},
		{
			"validation", alice, queued(), nil, saying(addAt("x", "bad"), "os_hash_algo", "md4", "os_hash_value", "00"),
			conflict("os_hash_algo must be sha256, not md4"),
		},
		{
			"the last one", boss, queued(active, lying("http://web/a")), nil, removeAt("x"),
			fault{glance.Forbidden, "", "Cannot remove last location in the image."},
		},
		{
			"remove nowhere", boss, queued(active, lying("http://web/a", "http://web/b")), nil, removeAt("x"),
			invalid("Invalid position for removing a location."),
		},
		{
			"remove beyond", boss, queued(active, lying("http://web/a", "http://web/b")), nil, removeAt("2"),
			invalid("Invalid position for removing a location."),
		},
		{
			"add nowhere", alice, queued(), (*locationRig).unreachable, addAt("x", "http://web/a"),
			invalid("Invalid position for adding a location."),
		},
		{
			"backend down, size unknown", alice, queued(), (*locationRig).unreachable, addAt("-", "http://web/a"),
			invalid("The Store URI was malformed."),
		},
		{
			"backend down, size known", alice, queued(active, sized(4)), (*locationRig).unreachable, addAt("-", "http://web/a"),
			invalid("Invalid location"),
		},
		{
			"storage quota", alice, queued(active, sized(60), lying("http://web/a", "http://web/b", "http://web/c")), (*locationRig).tight,
			addAt("-", "bad"),
			fault{glance.TooLarge, "Denying attempt to upload image because it exceeds the quota: " +
				"The size of the data 60 will exceed the limit. -80 bytes remaining.", ""},
		},
		{
			"number, add", alice, queued(active, sized(4), lying("http://web/a", "http://web/b", "http://web/c")), nil,
			addAt("-", "bad"),
			fault{
				glance.TooLarge,
				"The limit has been exceeded on the number of allowed image locations. Attempted: 4, Maximum: 3", "",
			},
		},
		{"number, replace", alice, queued(), (*locationRig).unreachable, replaceBy("http://web/a", "b", "c", "d"), fault{
			glance.TooLarge,
			"The limit has been exceeded on the number of allowed image locations. Attempted: 4, Maximum: 3", "",
		}},
		{
			"other URLs", alice, queued(active, sized(4), lying("http://web/a")), nil, replaceBy("bad"),
			invalid("Original locations is not empty: [http://web/a]"),
		},
		{"no scheme", alice, queued(), nil, addAt("-", "bad"), invalid("Invalid location")},
		{"unknown scheme", alice, queued(), nil, addAt("-", "gopher://web/a"), invalid("Invalid location")},
		{"file", alice, queued(), nil, addAt("-", "file:///etc/passwd"), invalid("Invalid location")},
		{"filesystem", alice, queued(), nil, replaceBy("filesystem:///etc/passwd"), invalid("Invalid location")},
		{"swift+config", alice, queued(), nil, addAt("-", "swift+config://ref/c/o"), invalid("Invalid location")},
		{"no data", alice, queued(), nil, addAt("-", "http://web/none"), invalid("Invalid location")},
		{"no bytes", alice, queued(), nil, addAt("-", "http://web/empty"), invalid("Invalid location")},
		{"there already", alice, queued(active, sized(4), func(img *glance.Image) {
			img.Locations = []glance.Location{at("http://web/a", "store", "web")}
		}), nil, addAt("-", "http://web/a"), invalid("The location http://web/a already exists")},
		{"twice", alice, queued(), nil, replaceBy("http://web/a", "http://web/a"), invalid("The location http://web/a already exists")},
		{
			"no formats", alice, queued(func(img *glance.Image) { img.DiskFormat = "" }), nil, addAt("-", "http://web/a"),
			invalid("Property disk_format must be set prior to saving data."),
		},
		{
			"wide characters", alice, queued(), func(r *locationRig) { r.web.pages["http://web/😀"] = "x" }, addAt("-", "http://web/😀"),
			invalid("Param values can't contain 4 byte unicode."),
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
			_, err := r.editor().Patch(t.Context(), tt.who, img1, tt.changes)
			wantFault(t, err, tt.want)
			after := r.get(t, img1)
			if after.Status != before.Status || urls(after) != urls(before) || after.UpdatedAt != before.UpdatedAt {
				t.Errorf("changed from %+v to %+v", before, after)
			}
			if left := r.journal.left(); len(left) > 0 {
				t.Errorf("left in the journal: %v", left)
			}
		})
	}
}

func (r *locationRig) hide()        { r.shown = false }
func (r *locationRig) unreachable() { r.web.fails = store.Unreachable(nil) }
func (r *locationRig) tight()       { r.quota = 100 }

// bucket is a store in a bucket of the service's.
type bucket struct{ *web }

func (bucket) Owns(url string) bool {
	return strings.HasSuffix(url, "@host/ours/x") || strings.HasPrefix(url, "s3://host/ours/")
}

func (bucket) Info() store.Info {
	return store.Info{Type: "s3", Schemes: []string{"s3", "s3+http", "s3+https"}}
}

// TestPatchLocationsBucket: users do not name what the service reads with its
// own keys, only what theirs open.
func TestPatchLocationsBucket(t *testing.T) {
	for url, fine := range map[string]bool{
		"s3://host/ours/x": false, "s3://key:secret@host/ours/x": false, "s3://host/theirs/x": false, "s3+https://host/theirs/x": false,
		"s3://key:secret@host/theirs/x": true,
	} {
		r := newLocationRig(t)
		r.web.pages[url] = "data"
		r.stores, _ = store.NewSet(true, "fast", store.Named{ID: "fast", Driver: r.fast}, store.Named{ID: "bucket", Driver: bucket{r.web}})
		r.add(t, queued())
		_, err := r.editor().Patch(t.Context(), alice, img1, addAt("-", url))
		switch {
		case !fine:
			wantFault(t, err, fault{glance.Invalid, "Invalid location", ""})
		case err != nil:
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestPatchLocationsMissing: lookup comes before the empty list.
func TestPatchLocationsMissing(t *testing.T) {
	r := newLocationRig(t)
	_, err := r.editor().Patch(t.Context(), alice, unknown, replaceBy())
	wantFault(t, err, fault{glance.NotFound, "No image found with ID " + unknown, ""})
}

// TestPatchLocationsOwner: with the old defaults owners count.
func TestPatchLocationsOwner(t *testing.T) {
	r := newLocationRig(t)
	r.policy = enforcer(t, false)
	r.add(t, queued(status(glance.StatusActive), sized(4), lying("http://web/a", "http://web/b"), func(img *glance.Image) {
		img.Visibility = glance.VisibilityCommunity
	}))
	for _, changes := range [][]images.Change{addAt("-", "http://web/a"), removeAt("0")} {
		_, err := r.editor().Patch(t.Context(), bob, img1, changes)
		wantFault(t, err, fault{glance.Forbidden, "You do not own this image", ""})
	}
	if _, err := r.editor().Patch(t.Context(), alice, img1, removeAt("0")); err != nil {
		t.Error(err)
	}
	if got := urls(r.get(t, img1)); got != "http://web/b" {
		t.Errorf("left with %s", got)
	}
}

// TestPatchAddActivates: a location makes a queued image active.
func TestPatchAddActivates(t *testing.T) {
	for _, changes := range [][]images.Change{addAt("-", "http://web/a", "k", "v", "store", "fast"), replaceBy("http://web/a")} {
		r := newLocationRig(t)
		r.add(t, queued())
		shown, err := r.editor().Patch(t.Context(), alice, img1,
			saying(changes, "os_hash_algo", "sha256", "os_hash_value", hex64, "checksum", strings.Repeat("cd", 16)))
		if err != nil {
			t.Fatal(err)
		}
		img := r.get(t, img1)
		if img.Status != glance.StatusActive || img.Size == nil || *img.Size != 4 || img.HashAlgo != "sha256" || img.HashValue != hex64 ||
			img.Checksum != strings.Repeat("cd", 16) || urls(img) != "http://web/a" || img.Locations[0].Store() != "web" {
			t.Errorf("stored %+v", img)
		}
		if shown.Status != glance.StatusActive || urls(shown) != "http://web/a" {
			t.Errorf("answered %+v", shown)
		}
	}
}

// TestPatchSingleStore: locations name no store when there is one.
func TestPatchSingleStore(t *testing.T) {
	r := newLocationRig(t)
	r.useStores(t, false)
	r.add(t, queued())
	if _, err := r.editor().Patch(t.Context(), alice, img1, addAt("-", "http://web/a")); err != nil {
		t.Fatal(err)
	}
	if loc := r.get(t, img1).Locations[0]; len(loc.Metadata) != 0 {
		t.Errorf("stored %v", loc.Metadata)
	}
}

// TestPatchAddOrder: the answer has the order of the request, the rows their own.
func TestPatchAddOrder(t *testing.T) {
	r := newLocationRig(t)
	r.useStores(t, false)
	r.add(t, queued(status(glance.StatusActive), sized(4), lying("http://web/a")))
	shown, err := r.editor().Patch(t.Context(), alice, img1, addAt("0", "http://web/b"))
	if err != nil {
		t.Fatal(err)
	}
	if got := urls(shown); got != "http://web/b http://web/a" {
		t.Errorf("answered %s", got)
	}
	if got := urls(r.get(t, img1)); got != "http://web/a http://web/b" {
		t.Errorf("stored %s", got)
	}
	if _, err := r.editor().Patch(t.Context(), alice, img1, addAt("99999999999999999999", "http://web/a", "k", "v")); err != nil {
		t.Errorf("far beyond the end: %v", err)
	}
}

// TestPatchReplaceMetadata: the same URLs keep their rows and are not looked at.
func TestPatchReplaceMetadata(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	before := r.get(t, img1)
	r.web.fails = errBoom
	shown, err := r.editor().Patch(t.Context(), alice, img1, []images.Change{{
		Op: images.Replace, Name: "locations", Value: images.Value{Locations: []images.NewLocation{
			{URL: "mem://cheap/" + img1, Metadata: map[string]any{"k": "c"}}, {URL: "mem://fast/" + img1},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := urls(shown); got != "mem://cheap/"+img1+" mem://fast/"+img1 {
		t.Errorf("answered %s", got)
	}
	after := r.get(t, img1)
	for i, loc := range after.Locations {
		if loc.ID != before.Locations[i].ID || loc.URL != before.Locations[i].URL || loc.Store() != before.Locations[i].Store() {
			t.Errorf("row %d: %+v", i, loc)
		}
	}
	if after.Locations[1].Metadata["k"] != "c" {
		t.Errorf("stored %v", after.Locations[1].Metadata)
	}
}

// TestPatchValidation has the errors of validation_data.
func TestPatchValidation(t *testing.T) {
	hashed := func(img *glance.Image) { img.HashAlgo, img.HashValue = "sha256", hex64 }
	tests := []struct {
		name string
		img  *glance.Image
		said []string
		want string
	}{
		{
			"other value", queued(hashed),
			[]string{"os_hash_algo", "sha256", "os_hash_value", strings.Repeat("cd", 32)},
			"os_hash_value is already set with a different value",
		},
		{
			"other algorithm", queued(hashed),
			[]string{"os_hash_algo", "md5", "os_hash_value", hex64},
			"os_hash_algo is already set with a different value",
		},
		{
			"new on active", queued(hashed, status(glance.StatusActive), sized(4)),
			[]string{"os_hash_algo", "sha256", "os_hash_value", hex64, "checksum", strings.Repeat("ab", 16)},
			"New value(s) for checksum may only be provided when image status is 'queued'",
		},
		{
			"checksum", queued(),
			[]string{"os_hash_algo", "md4", "os_hash_value", "zz", "checksum", "zz"},
			"checksum (zz) is not a valid hexadecimal value",
		},
		{
			"checksum size", queued(),
			[]string{"os_hash_algo", "md4", "os_hash_value", "zz", "checksum", "ab"},
			"checksum (ab) is not the correct size for md5 (should be 16 bytes)",
		},
		{"algorithm", queued(), []string{"os_hash_algo", "md5", "os_hash_value", "zz"}, "os_hash_algo must be sha256, not md5"},
		{"value", queued(), []string{"os_hash_algo", "sha256", "os_hash_value", "zz"}, "os_hash_value (zz) is not a valid hexadecimal value"},
		{
			"value size", queued(),
			[]string{"os_hash_algo", "sha256", "os_hash_value", "ab"},
			"os_hash_value (ab) is not the correct size for sha256 (should be 32 bytes)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, tt.img)
			_, err := r.editor().Patch(t.Context(), alice, img1, saying(addAt("-", "http://web/a"), tt.said...))
			wantFault(t, err, fault{glance.Conflict, tt.want, ""})
		})
	}
	r := newLocationRig(t)
	r.add(t, queued())
	two := saying(replaceBy("http://web/a", "http://web/b"), "os_hash_algo", "sha256", "os_hash_value", hex64)
	two[0].Value.Locations[1].Validation = map[string]string{"os_hash_algo": "sha256", "os_hash_value": strings.Repeat("cd", 32)}
	_, err := r.editor().Patch(t.Context(), alice, img1, two)
	wantFault(t, err, fault{glance.Conflict, "Conflicting values for os_hash_value", ""})
}

// TestPatchTextsHideCredentials: what is answered is logged as well.
func TestPatchTextsHideCredentials(t *testing.T) {
	r := newLocationRig(t)
	const secret = "http://user:secret@web/a"
	r.web.pages[secret] = "aaaa"
	r.add(t, queued(status(glance.StatusActive), sized(4), lying(secret)))
	for _, changes := range [][]images.Change{replaceBy("http://web/b"), replaceBy(secret, secret)} {
		_, err := r.editor().Patch(t.Context(), alice, img1, changes)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}

// TestPatchAddsAtOnce: neither of two additions is lost, nor the quota.
func TestPatchAddsAtOnce(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued(status(glance.StatusActive), sized(4)))
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, url := range names {
		r.web.pages["http://web/"+url] = "data"
	}
	var all sync.WaitGroup
	for _, url := range names {
		all.Go(func() {
			_, err := r.editor().Patch(context.Background(), alice, img1, addAt("-", "http://web/"+url))
			if err != nil && !errors.Is(err, glance.TooLarge) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(r.get(t, img1).Locations); n != 3 {
		t.Errorf("%d locations", n)
	}
}

// TestPatchManyLocationChanges: a request may have so many changes of locations
// and no more, and each URL is asked once.
func TestPatchManyLocationChanges(t *testing.T) {
	tests := map[string]struct {
		quota, pairs int
		kind         glance.Kind
		asked        int
	}{
		"most":                  {3, 50, -1, 1},
		"more":                  {3, 51, glance.Invalid, 0},
		"most, great quota":     {50, 100, -1, 1},
		"more, great quota":     {50, 101, glance.Invalid, 0},
		"more, unlimited quota": {-1, 51, glance.Invalid, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.limits.MaxLocations = tt.quota
			r.add(t, queued(status(glance.StatusActive), sized(4), lying("http://web/a")))
			var changes []images.Change
			for range tt.pairs {
				changes = append(append(changes, addAt("-", "http://web/b")...), removeAt("-")...)
			}
			_, err := r.editor().Patch(t.Context(), boss, img1, changes)
			if (err == nil) != (tt.kind < 0) || err != nil && glance.KindOf(err) != tt.kind {
				t.Errorf("got %v", err)
			}
			if r.web.sizes != tt.asked {
				t.Errorf("asked %d times", r.web.sizes)
			}
			if left := r.journal.left(); len(left) > 0 {
				t.Errorf("left in the journal: %v", left)
			}
		})
	}
}

// FuzzPatchLocation: whatever a client calls a location, it is refused with a
// reason or kept as it is.
func FuzzPatchLocation(f *testing.F) {
	for _, seed := range []string{"http://web/a", "bad", "file:///etc/passwd", "http://u:p@web/a", "http://[::1", ":", "mem://fast/../x", "\x00"} {
		f.Add("-", seed)
		f.Add("0", seed)
	}
	f.Add("99999999999999999999", "http://web/a")
	f.Add("٣", "http://web/a")
	f.Fuzz(func(t *testing.T, position, url string) {
		r := newLocationRig(t)
		r.add(t, queued())
		img, err := r.editor().Patch(t.Context(), alice, img1, addAt(position, url))
		if err != nil {
			if !errors.Is(err, glance.Invalid) {
				t.Errorf("%q at %q: %v", url, position, err)
			}
			return
		}
		if img.Locations[0].URL != url || img.Status != glance.StatusActive {
			t.Errorf("%q at %q became %+v", url, position, img)
		}
	})
}
