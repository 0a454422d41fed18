package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sqldb"
)

// Who comes while a lane is free runs alone; the others run together when one
// becomes free, at most so many at once, in order.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var runs [][]int
		b := sqldb.NewBatcher(1, 2, func(_ context.Context, questions []int) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, questions)
			return nil
		})
		var wg sync.WaitGroup
		for n := range 6 {
			wg.Go(func() {
				answer, shared, err := b.Ask(t.Context(), n)
				if err != nil || !slices.Contains(answer, n) || shared != (n > 0) {
					t.Errorf("%d: %v, %v, %v", n, answer, shared, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		for i, want := range [][]int{{0}, {1, 2}, {3, 4}, {5}} {
			if i >= len(runs) || !slices.Equal(runs[i], want) {
				t.Fatalf("runs %v", runs)
			}
		}
		if _, shared, err := b.Ask(t.Context(), 7); shared || err != nil {
			t.Errorf("the lane is not free: %v, %v", shared, err)
		}
	})
}

// Who comes does not wait for a batch that is stuck, and takes those along who
// have waited for it.
func TestStuckBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		b := sqldb.NewBatcher(1, 9, func(_ context.Context, questions []int) error {
			if questions[0] == 0 {
				<-stuck
			}
			return nil
		})
		b.Patience(time.Second, 1)
		var wg sync.WaitGroup
		ask := func(n int) {
			wg.Go(func() {
				if _, _, err := b.Ask(t.Context(), n); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		ask(0)
		waited := make(chan struct{})
		go func() {
			_, _, _ = b.Ask(t.Context(), 1)
			close(waited)
		}()
		time.Sleep(2 * time.Second)
		ask(2)
		<-waited
		close(stuck)
		wg.Wait()
	})
}

// A batch lives as long as somebody waits for it.
func TestBatchIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given error
		b := sqldb.NewBatcher(1, 9, func(ctx context.Context, questions []int) error {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				given = ctx.Err()
			}
			return ctx.Err()
		})
		go func() { _, _, _ = b.Ask(t.Context(), 0) }()
		synctest.Wait()
		ask := func(ctx context.Context) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, _, err := b.Ask(ctx, 1)
				done <- err
			}()
			return done
		}
		short, cancel := context.WithCancel(t.Context())
		first, second := ask(short), ask(t.Context())
		time.Sleep(1500 * time.Millisecond) // both are in the batch that runs now
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
		if err := <-second; err != nil || given != nil {
			t.Errorf("who waits: %v, %v", err, given)
		}
		go func() { _, _, _ = b.Ask(t.Context(), 0) }()
		synctest.Wait()
		short, cancel = context.WithCancel(t.Context())
		first = ask(short)
		time.Sleep(1500 * time.Millisecond)
		cancel()
		<-first
		synctest.Wait()
		if !errors.Is(given, context.Canceled) {
			t.Errorf("a batch that nobody waits for goes on: %v", given)
		}
	})
}

// Who comes after all others of a batch have given up before it began has an
// answer all the same.
func TestBatchIsGivenUpBeforeItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sqldb.NewBatcher(1, 9, func(ctx context.Context, _ []int) error {
			time.Sleep(time.Second)
			return ctx.Err()
		})
		go func() { _, _, _ = b.Ask(t.Context(), 0) }()
		synctest.Wait()
		short, cancel := context.WithCancel(t.Context())
		go func() { _, _, _ = b.Ask(short, 1) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if answer, _, err := b.Ask(t.Context(), 2); err != nil || !slices.Equal(answer, []int{2}) {
			t.Errorf("%v, %v", answer, err)
		}
	})
}

// Many who ask at once get answers of their own, newer than their questions.
func TestSharedAnswers(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	img := metadatatest.BenchImage(1)
	if err := db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				one, err := db.Image(t.Context(), metadata.Everything(), img.ID)
				page, errs := db.Images(t.Context(), metadata.Everything(), defaultList())
				if err != nil || errs != nil || len(page) != 1 {
					t.Errorf("%v, %v, %d images", err, errs, len(page))
					return
				}
				for _, got := range []*glance.Image{one, page[0]} {
					got.SetProperty(glance.Property{Name: "mine", Value: "x"}) // what others have must not change
					if len(got.Properties) != len(img.Properties)+1 {
						t.Errorf("properties %v", got.Properties)
					}
				}
			}
		})
	}
	for n := range 20 {
		name := string(rune('a' + n))
		_, err := db.UpdateImage(t.Context(), metadata.Everything(), img.ID, func(img *glance.Image) error {
			img.Name = &name
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		one, err := db.Image(t.Context(), metadata.Everything(), img.ID)
		page, errs := db.Images(t.Context(), metadata.Everything(), defaultList())
		if err != nil || errs != nil || *one.Name != name || *page[0].Name != name {
			t.Errorf("after the change to %s: %v, %v, %q, %q", name, err, errs, *one.Name, *page[0].Name)
		}
	}
	wg.Wait()
	if n := db.ListingBatches(); n != 0 {
		t.Errorf("%d batchers are left", n)
	}
	if _, err := db.Image(t.Context(), metadata.Everything(), "other"); !errors.Is(err, glance.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
}
