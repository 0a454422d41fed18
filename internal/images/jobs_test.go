package images_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"glance/internal/glance"
	"glance/internal/images"
)

// TestJobsBounded: no more than so many run, the others wait their turn.
func TestJobsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := 0
		jobs := images.NewJobs(t.Context(), 2, func() func() {
			held++
			return func() {}
		})
		started, goOn := make(chan string, 3), make(chan struct{})
		for _, id := range []string{"a", "b", "c"} {
			if err := jobs.Start(id, func(context.Context) {
				started <- id
				<-goOn
			}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if len(started) != 2 || held != 3 {
			t.Errorf("%d run, %d are held", len(started), held)
		}
		goOn <- struct{}{}
		synctest.Wait()
		if len(started) != 3 {
			t.Errorf("%d ran", len(started))
		}
		close(goOn)
		if err := jobs.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestJobsCancelled: a job is called even when it is over before its turn, and
// whoever cancels waits for it.
func TestJobsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jobs := images.NewJobs(t.Context(), 1, nil)
		ended := make(map[string]bool)
		for _, id := range []string{"a", "b"} {
			if err := jobs.Start(id, func(ctx context.Context) {
				<-ctx.Done()
				ended[id] = true
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		jobs.Cancel(t.Context(), "b")
		if !ended["b"] || ended["a"] {
			t.Errorf("ended: %v", ended)
		}
		jobs.Cancel(t.Context(), "unknown")
		over, cancel := context.WithCancel(t.Context())
		cancel()
		jobs.Cancel(over, "a") // does not wait
		if err := jobs.Close(); err != nil || !ended["a"] {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if err := jobs.Start("c", nil); !errors.Is(err, glance.Unavailable) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestJobsOnePerImage: a newer job ends the older one.
func TestJobsOnePerImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jobs := images.NewJobs(t.Context(), 2, nil)
		order := make(chan int, 2)
		for n := range 2 {
			if err := jobs.Start("a", func(ctx context.Context) {
				<-ctx.Done()
				order <- n
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if len(order) != 1 || <-order != 0 {
			t.Error("the older job goes on")
		}
		jobs.Cancel(t.Context(), "a")
		if len(order) != 1 {
			t.Error("the newer job was forgotten")
		}
		if err := jobs.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestJobsCloseFromRelease: what a job holds may close the jobs.
func TestJobsCloseFromRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jobs *images.Jobs
		closed := make(chan error, 1)
		jobs = images.NewJobs(t.Context(), 1, func() func() { return func() { closed <- jobs.Close() } })
		if err := jobs.Start("a", func(context.Context) {}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(closed) != 1 {
			t.Error("it waits for itself")
		}
	})
}
