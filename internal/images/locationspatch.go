package images

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/quota"
)

// LocationChanges is what an Editor needs to change locations (spec images-v2
// §10).
type LocationChanges struct {
	Shown    bool          // show_multiple_locations
	Delayed  bool          // delayed_delete: leave the data of removed ones to the scrubber
	HashAlgo string        // hashing_algorithm
	Quota    quota.Storage // bytes an owner may occupy
	Journal  Journal
	Log      *slog.Logger
}

// locationsName is the attribute that a change of locations names.
const locationsName = "locations"

// alwaysOps is how many changes of locations one PATCH may have, whatever the
// quota.
const alwaysOps = 100

// admitOps refuses more changes of locations than anybody needs: each may have
// a server asked, and all changes applied again, when a body of a MiB holds
// thousands.
func (e *Editor) admitOps(changes []Change) error {
	n, most := 0, max(alwaysOps, 4*e.Limits.MaxLocations)
	for _, c := range changes {
		if c.Name == locationsName {
			n++
		}
	}
	if n > most {
		return glance.Errorf(glance.Invalid, "Too many changes of locations in one request. Attempted: %d, Maximum: %d", n, most)
	}
	return nil
}

// facts is what a patch of locations must know that is not in the image. A
// change may do nothing but change, so it asks for what it lacks by failing
// with a question; it is run again when that is answered.
type facts struct {
	sizes map[string]sized // by URL
	used  int64            // bytes the owner occupies; only with a quota

	op      int               // the change being applied
	dropped []glance.Location // what removals took out so far
	by      []int             // the changes that did
	settled []int             // changes whose removal is done already
}

// question is the location whose size a patch must know before it can go on.
type question struct{ of glance.Location }

func (q *question) Error() string { return "a patch must know more of its locations" }

func (f *facts) size(loc glance.Location) (sized, error) {
	s, ok := f.sizes[loc.URL]
	if !ok {
		return sized{}, &question{loc}
	}
	return s, nil
}

func (e *Editor) answer(ctx context.Context, f *facts, q *question) error {
	f.sizes[q.of.URL] = ask(ctx, e.Stores, q.of)
	return ctx.Err()
}

// patchLocations is Patch for changes some of which are about locations.
func (e *Editor) patchLocations(ctx context.Context, who *glance.Caller, id string, changes []Change) (*glance.Image, error) {
	if err := e.admitOps(changes); err != nil {
		return nil, err
	}
	f := &facts{sizes: map[string]sized{}}
	r := remover{images: e.Images, stores: e.Stores, journal: e.Locations.Journal, log: e.Locations.Log}
	var m *removal
	if !e.Locations.Delayed && slices.ContainsFunc(changes, Change.removesLocation) {
		var err error
		if m, err = r.begin(id); err != nil {
			return nil, err
		}
	}
	img, order, err := e.applyKnowing(ctx, who, id, changes, f, m)
	switch {
	case m == nil:
	case err != nil:
		m.giveUp(ctx, err)
	case len(f.dropped) == 0: // nothing that was stored
		m.done()
	default:
		img, order, err = e.removeAndApply(ctx, who, img, changes, f, m)
	}
	if err != nil {
		return nil, err
	}
	img = present(who, img, e.Protect, e.Stores)
	img.Locations = inOrder(img.Locations, order)
	return img, nil
}

// applyKnowing applies the changes, finding out what they ask for. order is how
// they left the locations: that of the answer, which nobody stores. With m,
// locations to be removed are only marked, and nothing else is saved.
func (e *Editor) applyKnowing(ctx context.Context, who *glance.Caller, id string, changes []Change, f *facts, m *removal) (img *glance.Image, order []glance.Location, err error) {
	for {
		img, err = e.updateWithin(ctx, who, id, func(e *Editor, img *glance.Image, used int64) (err error) {
			f.used = used
			order, err = e.applyLocations(ctx, who, img, changes, f, m)
			return err
		})
		var q *question
		if !errors.As(err, &q) {
			return img, order, err
		}
		if err := e.answer(ctx, f, q); err != nil {
			return nil, nil, err
		}
	}
}

// updateWithin is update while nobody else can take what the owner's quota has
// left; without a quota used is 0.
func (e *Editor) updateWithin(ctx context.Context, who *glance.Caller, id string, change func(e *Editor, img *glance.Image, used int64) error) (*glance.Image, error) {
	if e.Locations.Quota.Unlimited() {
		return e.update(ctx, who, id, func(e *Editor, img *glance.Image) error { return change(e, img, 0) })
	}
	return e.decide(ctx, func(e *Editor, decided func(error) error) (*glance.Image, error) {
		of := metadata.Account{Owner: who.ProjectID}
		return e.Images.UpdateMetered(ctx, metadata.ScopeOf(*who), id, of, func(img *glance.Image, used int64) error {
			return decided(change(e, img, used))
		})
	})
}

func (e *Editor) applyLocations(ctx context.Context, who *glance.Caller, img *glance.Image, changes []Change, f *facts, m *removal) ([]glance.Location, error) {
	before := img.Clone()
	f.dropped, f.by = nil, nil
	img.Locations = e.Stores.Order(staying(img.Locations))
	if err := e.apply(ctx, who, img, changes, f); err != nil {
		return nil, err
	}
	order := slices.Clone(img.Locations)
	if m != nil && len(f.dropped) > 0 && f.settled == nil {
		*img = *before
		for i := range img.Locations {
			if hasID(f.dropped, img.Locations[i].ID) {
				m.claim(&img.Locations[i])
			}
		}
		return order, nil
	}
	if m != nil && len(f.dropped) > 0 {
		return nil, glance.Errorf(glance.Conflict, "The locations of image %s have changed meanwhile.", img.ID)
	}
	for _, loc := range f.dropped { // delayed_delete
		loc.Status = glance.LocationPendingDelete
		img.Locations = append(img.Locations, loc)
	}
	for _, loc := range before.Locations {
		if mark := removalOf(loc); mark != "" && (m == nil || mark != m.mark) {
			img.Locations = append(img.Locations, loc) // somebody else's removal
		}
	}
	return order, nil
}

// removeAndApply removes the data at the marked locations of img, then applies
// the changes for good. When they cannot be applied any more, the removal
// stands: the data is gone.
func (e *Editor) removeAndApply(ctx context.Context, who *glance.Caller, img *glance.Image, changes []Change, f *facts, m *removal) (*glance.Image, []glance.Location, error) {
	if err := m.deleteData(ctx, img); err != nil {
		return nil, nil, err
	}
	f.settled = f.by
	after, order, err := e.applyKnowing(ctx, who, img.ID, changes, f, m)
	if err != nil {
		return nil, nil, errors.Join(err, m.drop(ctx, img))
	}
	m.done()
	return after, order, nil
}

func hasID(locations []glance.Location, id int64) bool {
	return slices.ContainsFunc(locations, func(loc glance.Location) bool { return loc.ID == id })
}

// inOrder brings locations into the order of others that say the same.
func inOrder(locations, order []glance.Location) []glance.Location {
	rank := func(loc glance.Location) int {
		return slices.IndexFunc(order, func(o glance.Location) bool { return sameLocation(o, loc) })
	}
	slices.SortStableFunc(locations, func(a, b glance.Location) int { return rank(a) - rank(b) })
	return locations
}

func (c Change) removesLocation() bool { return c.Name == locationsName && c.Op == Remove }

// locationDeeds are the words of the texts: for locations that nobody sees, and
// for a status that allows nothing.
var locationDeeds = map[ChangeOp]struct{ hidden, status string }{
	Add: {"add", "add"}, Replace: {"update", "replace"}, Remove: {"remove", "remove"},
}

// changeLocations is one change. The order of checks is that of spec images-v2
// §10.
func (e *Editor) changeLocations(ctx context.Context, who *glance.Caller, img *glance.Image, c Change, f *facts) error {
	if c.Op == Replace && len(c.Value.Locations) == 0 {
		return glance.Detailf(glance.Forbidden, "Cannot set locations to empty list.")
	}
	rule := policy.SetImageLocation
	if c.Op == Remove {
		rule = policy.DeleteImageLocation
	}
	if err := e.Policy.Image(ctx, who, rule, img); err != nil {
		return err
	}
	deed := locationDeeds[c.Op]
	if !e.Locations.Shown {
		return glance.Errorf(glance.Forbidden, "It's not allowed to %s locations if locations are invisible.", deed.hidden)
	}
	if img.Status != glance.StatusActive && (img.Status != glance.StatusQueued || c.Op == Remove) {
		return glance.Errorf(glance.Conflict, "It's not allowed to %s locations if image status is %s.", deed.status, img.Status)
	}
	switch c.Op {
	case Add:
		return e.addLocation(img, c, f)
	case Replace:
		return e.replaceLocations(img, c, f)
	default:
		return removeLocation(img, c, f)
	}
}

func (e *Editor) addLocation(img *glance.Image, c Change, f *facts) error {
	hashes, err := validate(img, c.Value.Locations, e.Locations.HashAlgo)
	if err != nil {
		return err
	}
	at, ok := position(c.Position, len(img.Locations))
	if !ok {
		return glance.Errorf(glance.Invalid, "Invalid position for adding a location.")
	}
	added := e.made(c.Value.Locations)
	if err := e.admitBytes(img, added, f); err != nil {
		return err
	}
	if err := e.Limits.Locations(len(img.Locations) + 1); err != nil {
		return err
	}
	img.Locations = slices.Insert(img.Locations, at, added...)
	return e.takeLocations(img, added, hashes, f)
}

// made makes the locations that a change brings.
func (e *Editor) made(fresh []NewLocation) []glance.Location {
	locations := make([]glance.Location, 0, len(fresh))
	for _, n := range fresh {
		locations = append(locations, n.location(e.Stores))
	}
	return locations
}

// admitBytes holds the storage quota against the new locations.
func (e *Editor) admitBytes(img *glance.Image, added []glance.Location, f *facts) error {
	bytes, err := bytesOf(img, added, f.size)
	if err != nil || bytes < 0 || e.Locations.Quota.Unlimited() {
		return err
	}
	return e.Locations.Quota.AdmitLocations(f.used, bytes*int64(len(added)))
}

// takeLocations checks the new ones among the locations of img and makes them
// the place of its data.
func (e *Editor) takeLocations(img *glance.Image, added []glance.Location, hashes map[string]string, f *facts) error {
	for _, loc := range added {
		s, err := f.size(loc)
		if err != nil {
			return err
		}
		if err := s.usable(); err != nil {
			return err
		}
		if n := countSame(img.Locations, loc); n > 1 {
			return errLocationExists(loc.URL)
		}
		if img.Size == nil || *img.Size == 0 {
			img.Size = &s.bytes
		}
	}
	return activate(img, hashes)
}

func countSame(locations []glance.Location, loc glance.Location) (n int) {
	for _, other := range locations {
		if sameLocation(other, loc) {
			n++
		}
	}
	return n
}

// activate gives img the hashes of its data and makes a queued one active.
func activate(img *glance.Image, hashes map[string]string) error {
	for name, value := range hashes {
		*hashField(img, name) = value
	}
	if img.Status == glance.StatusQueued {
		return img.Move(glance.StatusActive)
	}
	return nil
}

func (e *Editor) replaceLocations(img *glance.Image, c Change, f *facts) error {
	hashes, err := validate(img, c.Value.Locations, e.Locations.HashAlgo)
	if err != nil {
		return err
	}
	if err := e.Limits.Locations(len(c.Value.Locations)); err != nil {
		return err
	}
	replaced := e.made(c.Value.Locations)
	if reuse(img.Locations, replaced) && img.Status != glance.StatusQueued {
		img.Locations = replaced
		return activate(img, hashes)
	}
	if err := e.admitBytes(img, replaced, f); err != nil {
		return err
	}
	if len(img.Locations) > 0 && !reuse(img.Locations, replaced) {
		return glance.Errorf(glance.Invalid, "Original locations is not empty: %s", urlsOf(img.Locations))
	}
	img.Locations = replaced
	return e.takeLocations(img, replaced, hashes, f)
}

// reuse gives the new locations the rows of the old ones when their URLs are
// the same: then only what is said of them changes.
func reuse(old, fresh []glance.Location) bool {
	if len(old) != len(fresh) || len(old) == 0 {
		return false
	}
	left := slices.Clone(old)
	for i, loc := range fresh {
		at := slices.IndexFunc(left, func(o glance.Location) bool { return o.URL == loc.URL })
		if at < 0 {
			return false
		}
		fresh[i].ID = left[at].ID
		left = slices.Delete(left, at, at+1)
	}
	return true
}

func urlsOf(locations []glance.Location) []string {
	urls := make([]string, 0, len(locations))
	for _, loc := range locations {
		urls = append(urls, withoutCredentials(loc.URL))
	}
	return urls
}

func removeLocation(img *glance.Image, c Change, f *facts) error {
	if slices.Contains(f.settled, f.op) {
		return nil
	}
	if len(img.Locations) <= 1 {
		return glance.Detailf(glance.Forbidden, "Cannot remove last location in the image.")
	}
	at, ok := position(c.Position, len(img.Locations))
	if c.Position == "-" {
		at--
	}
	if !ok || at >= len(img.Locations) {
		return glance.Errorf(glance.Invalid, "Invalid position for removing a location.")
	}
	if loc := img.Locations[at]; loc.ID != 0 { // else it was added by this very patch
		f.dropped, f.by = append(f.dropped, loc), append(f.by, f.op)
	}
	img.Locations = slices.Delete(img.Locations, at, at+1)
	return nil
}

// position reads a position in a list of n; what lies beyond the end is the
// end.
func position(text string, n int) (int, bool) {
	if text == "-" {
		return n, true
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	at, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		return n, true
	}
	return min(at, n), err == nil
}
