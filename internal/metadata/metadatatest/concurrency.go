package metadatatest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func concurrencyTests() []test {
	return []test{
		{"one claim wins", oneClaimWins},
		{"no update is lost", noUpdateIsLost},
		{"one lock wins", oneLockWins},
		{"one create wins", oneCreateWins},
		{"one member is added", oneMemberIsAdded},
		{"a quota holds", aQuotaHolds},
		{"bytes never exceed a quota", bytesNeverExceedAQuota},
		{"readers among writers", readersAmongWriters},
	}
}

const crowd = 12

// together runs f in many goroutines at once.
func together(f func(n int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for n := range crowd {
		wg.Go(func() {
			<-start
			f(n)
		})
	}
	close(start)
	wg.Wait()
}

// winners counts the calls without error; every other one must be of the kind.
func winners(t *testing.T, kind glance.Kind, f func(n int) error) int {
	t.Helper()
	var won atomic.Int64
	together(func(n int) {
		switch err := f(n); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, kind):
			t.Errorf("error %v, want %v", err, kind)
		}
	})
	return int(won.Load())
}

func oneClaimWins(t *testing.T, s metadata.Store) {
	img := full(1)
	img.Status = glance.StatusQueued
	create(t, s, img)
	won := winners(t, glance.Conflict, func(n int) error {
		_, err := s.UpdateImage(t.Context(), metadata.Everything(), id(1), func(img *glance.Image) error {
			img.SetProperty(glance.Property{Name: "winner", Value: fmt.Sprint(n)})
			return img.Move(glance.StatusSaving)
		})
		return err
	})
	if won != 1 {
		t.Errorf("%d claims won", won)
	}
}

func noUpdateIsLost(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	const rounds = 5
	together(func(n int) {
		for round := range rounds {
			_, err := s.UpdateImage(t.Context(), metadata.Everything(), id(1), func(img *glance.Image) error {
				img.MinDisk++
				img.Tags = append(img.Tags, fmt.Sprintf("t-%d-%d", n, round))
				img.SetProperty(glance.Property{Name: fmt.Sprintf("p-%d-%d", n, round), Value: "x"})
				img.Locations = append(img.Locations, glance.Location{URL: "file:///x"})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	img := read(t, s, id(1))
	got := []int{int(img.MinDisk), len(img.Tags), len(img.Properties), len(img.Locations)}
	same(t, "what arrived", got, []int{crowd * rounds, crowd * rounds, crowd * rounds, crowd * rounds})
}

func oneLockWins(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	for range 3 {
		won := winners(t, glance.Conflict, func(n int) error { return s.Lock(t.Context(), id(1), fmt.Sprint(n)) })
		if won != 1 {
			t.Fatalf("%d locks won", won)
		}
		p, _ := read(t, s, id(1)).Property(glance.LockProperty)
		won = winners(t, glance.NotFound, func(int) error { return s.Unlock(t.Context(), id(1), p.Value) })
		if won != 1 {
			t.Fatalf("%d unlocks won", won)
		}
	}
}

func oneCreateWins(t *testing.T, s metadata.Store) {
	won := winners(t, glance.Conflict, func(int) error { return s.CreateImage(t.Context(), full(1)) })
	if won != 1 {
		t.Errorf("%d creates won", won)
	}
	same(t, "children", len(read(t, s, id(1)).Locations), 2)
}

func oneMemberIsAdded(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	won := winners(t, glance.Conflict, func(int) error {
		_, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "m"}, admitAll)
		return err
	})
	if won != 1 {
		t.Errorf("%d additions won", won)
	}
	same(t, "members", memberNames(t, s, id(1)), []string{"m"})
}

func aQuotaHolds(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	won := winners(t, glance.TooLarge, func(n int) error {
		_, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: fmt.Sprint(n)}, func(present int) error {
			if present >= 3 {
				return glance.TooLarge
			}
			return nil
		})
		return err
	})
	if won != 3 {
		t.Errorf("%d members were admitted, want 3", won)
	}
}

// bytesNeverExceedAQuota: each of many images would fit alone, three together.
func bytesNeverExceedAQuota(t *testing.T, s metadata.Store) {
	for n := range crowd {
		create(t, s, plain(n))
	}
	const size, most = 30, 100
	won := winners(t, glance.TooLarge, func(n int) error {
		of := metadata.Account{Owner: "owner", Except: id(n)}
		_, err := s.UpdateMetered(t.Context(), metadata.Everything(), id(n), of, func(img *glance.Image, used int64) error {
			if used+size > most {
				return glance.TooLarge
			}
			img.Status, img.Size = glance.StatusActive, ptr(int64(size))
			img.Locations = []glance.Location{{URL: "file:///x"}}
			return nil
		})
		return err
	})
	used, err := s.Usage(t.Context(), "owner", "")
	if won != most/size || used != size*(most/size) || err != nil {
		t.Errorf("%d images were admitted, which use %d bytes (%v), want %d", won, used, err, most/size)
	}
}

// readersAmongWriters looks for an image half changed: its name, property, tag
// and location always carry the same number.
func readersAmongWriters(t *testing.T, s metadata.Store) {
	img := plain(1)
	stamp(img, "0")
	create(t, s, img)
	together(func(n int) {
		for round := range 10 {
			if n%4 == 0 {
				_, err := s.UpdateImage(t.Context(), metadata.Everything(), id(1), func(img *glance.Image) error {
					stamp(img, fmt.Sprintf("%d-%d", n, round))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				continue
			}
			page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{Limit: 1, Sort: byID()})
			if err != nil || len(page) != 1 {
				t.Errorf("page of %d, %v", len(page), err)
				continue
			}
			got := page[0]
			if p, _ := got.Property("stamp"); len(got.Tags) != 1 || len(got.Locations) != 1 || p.Value != *got.Name ||
				got.Tags[0] != *got.Name || got.Locations[0].URL != *got.Name {
				t.Errorf("half changed: %s", show(got))
			}
		}
	})
}

func stamp(img *glance.Image, mark string) {
	img.Name, img.Tags = &mark, []string{mark}
	img.SetProperty(glance.Property{Name: "stamp", Value: mark})
	img.Locations = []glance.Location{{URL: mark}}
}
