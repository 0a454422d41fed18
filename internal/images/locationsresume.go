package images

import (
	"context"
	"encoding/json"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// isHashing reports whether a task is making the hash of an image that is
// active already.
func isHashing(img *glance.Image, task string) bool {
	live := img.Status == glance.StatusActive || img.Status == glance.StatusDeactivated
	return live && HoldsLock(img, task) && img.HashAlgo != "" && img.HashValue == ""
}

// Resume goes on with the hash that an earlier process of this node was making
// of the data of an active image, as the entry of the journal says; done
// settles the entry. The work is a job. The error is Unavailable when there are
// no jobs any more.
func (l *Locator) Resume(entry map[string]string, done func()) error {
	a := &adding{
		Locator: l, deed: deed{entry: entry, done: done, leftovers: l.Leftovers},
		who: glance.Caller{Admin: true}, id: entry[entryImage], task: entry[entryTask],
	}
	return l.Jobs.Start(a.id, func(ctx context.Context) {
		err := a.takeUp(ctx)
		if err == nil {
			err = a.addHash(ctx)
		}
		a.finish(ctx, a.orWithout(ctx, err))
	})
}

// takeUp finds out again what the earlier process knew. Where the data lies is
// in the task: the journal, a plain file, has no credentials.
func (a *adding) takeUp(ctx context.Context) error {
	task, err := a.alive(ctx)
	if err != nil {
		return err
	}
	var input locationInput
	if err := json.Unmarshal(task.Input, &input); err != nil {
		return err
	}
	a.who.RequestID = task.RequestID
	return a.change(ctx, func(img *glance.Image) error {
		i := slices.IndexFunc(img.Locations, func(loc glance.Location) bool { return loc.URL == input.URL && removalOf(loc) == "" })
		if i < 0 || !isHashing(img, a.task) {
			return ErrAborted()
		}
		a.loc, a.hash = img.Clone().Locations[i], img.HashAlgo
		return a.announceHost(img)
	})
}

// announceHost names this node as the one that hashes, under its present URL.
func (a *adding) announceHost(img *glance.Image) error {
	now := glance.Property{Name: glance.HashHostProperty, Value: a.SelfURL}
	before, had := img.Property(now.Name)
	switch {
	case before.Value == now.Value:
		return metadata.ErrUnchanged
	case now.Value != "":
		img.SetProperty(now)
	case had:
		img.RemoveProperty(now.Name)
	}
	return nil
}
