package metadatatest

import (
	"context"
	"errors"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func lifecycleTests() []test {
	return []test{
		{"ping", ping},
		{"a closed store is unavailable", closedIsUnavailable},
		{"a cancelled call does nothing", cancelledDoesNothing},
	}
}

func ping(t *testing.T, s metadata.Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func closedIsUnavailable(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range everyCall(t.Context(), s) {
		if !errors.Is(err, glance.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func cancelledDoesNothing(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range everyCall(ctx, s) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, "image", read(t, s, id(1)).Name, nil)
	if _, err := s.Image(t.Context(), anything(), id(2)); !errors.Is(err, glance.NotFound) {
		t.Errorf("a cancelled create: %v", err)
	}
}

// everyCall makes each call of the contracts once and gives their errors.
func everyCall(ctx context.Context, s metadata.Store) map[string]error {
	errs := map[string]error{
		"Ping":         s.Ping(ctx),
		"CreateImage":  s.CreateImage(ctx, plain(2)),
		"CreateTask":   s.CreateTask(ctx, task(1)),
		"Lock":         s.Lock(ctx, id(1), "x"),
		"Unlock":       s.Unlock(ctx, id(1), "x"),
		"RemoveMember": s.RemoveMember(ctx, id(1), "x"),
	}
	_, errs["Image"] = s.Image(ctx, anything(), id(1))
	_, errs["Images"] = s.Images(ctx, anything(), metadata.Query{Limit: 1, Sort: byID()})
	_, errs["UpdateImage"] = s.UpdateImage(ctx, anything(), id(1), func(img *glance.Image) error {
		img.Name = ptr("changed")
		return nil
	})
	_, errs["UpdateMetered"] = s.UpdateMetered(ctx, anything(), id(1), metadata.Account{Owner: "owner"}, func(img *glance.Image, _ int64) error {
		img.Name = ptr("metered")
		return nil
	})
	_, errs["Usage"] = s.Usage(ctx, "owner", "")
	_, errs["Tally"] = s.Tally(ctx, "owner", metadata.ImageCount)
	_, errs["Members"] = s.Members(ctx, id(1))
	_, errs["Member"] = s.Member(ctx, id(1), "x")
	_, errs["AddMember"] = s.AddMember(ctx, glance.Member{ImageID: id(1), Member: "x"}, admitAll)
	_, errs["UpdateMember"] = s.UpdateMember(ctx, id(1), "x", func(*glance.Member) error { return nil })
	_, errs["Task"] = s.Task(ctx, anything(), id(1))
	_, errs["TasksOf"] = s.TasksOf(ctx, anything(), id(1), time.Now())
	_, errs["UpdateTask"] = s.UpdateTask(ctx, anything(), id(1), func(*glance.Task) error { return nil })
	return errs
}
