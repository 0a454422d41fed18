package images

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// mostAsks bounds how many servers of rules are asked for one change: each time
// that an image changes meanwhile, all of them are asked anew.
const mostAsks = 50

// errUndecided undoes a change that rules could not be asked about.
var errUndecided = errors.New("a server must be asked about a change first")

// update changes an image by a change that asks rules, and by the editor that
// change is given. A transaction does not wait for the servers of http: and
// https: rules: where one must be asked, nothing is changed, the server is
// asked, and the change begins anew.
func (e *Editor) update(ctx context.Context, who *glance.Caller, id string, change func(e *Editor, img *glance.Image) error) (*glance.Image, error) {
	return e.decide(ctx, func(e *Editor, decided func(error) error) (*glance.Image, error) {
		return e.Images.UpdateImage(ctx, metadata.ScopeOf(*who), id, func(img *glance.Image) error { return decided(change(e, img)) })
	})
}

// decide is update for any way to change an image; what change returns has to go
// through decided.
func (e *Editor) decide(ctx context.Context, update func(e *Editor, decided func(error) error) (*glance.Image, error)) (*glance.Image, error) {
	inside := *e
	rules, answers := e.Policy.Ahead()
	inside.Policy, inside.Protect = rules, e.Protect.With(rules)
	decided := func(err error) error {
		if answers.Missing() {
			return errUndecided
		}
		return err
	}
	for range mostAsks {
		img, err := update(&inside, decided)
		if !errors.Is(err, errUndecided) {
			return img, err
		}
		if err := answers.Ask(ctx); err != nil {
			return nil, err
		}
	}
	return nil, glance.Errorf(glance.Unavailable, "The image changes faster than the rules about it can be asked.")
}
