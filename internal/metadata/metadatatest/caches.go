package metadatatest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// RunCaches runs what the suite has on the caches of nodes.
func RunCaches(t *testing.T, e Engine, open Open) {
	runSubjects(t, e, open, []subject{{"caches", []test{
		{"a record", aRecord},
		{"a record again", aRecordAgain},
		{"nodes", nodes},
		{"records of nothing", recordsOfNothing},
		{"hits at the same time", hitsAtTheSameTime},
		{"additions at the same time", additionsAtTheSameTime},
		{"a node of a long name", aNodeOfALongName},
		{"a closed store", cacheOfAClosedStore},
	}}})
}

const nodeA, nodeB = "http://node-a:9292", "http://node-b:9292"

func cacheOf(t *testing.T, s metadata.Store, node string) metadata.NodeCache {
	t.Helper()
	c, err := s.CacheOf(t.Context(), node)
	if err != nil {
		t.Fatalf("cache of %s: %v", node, err)
	}
	return c
}

// record is the nth image as it is cached first.
func record(n int) glance.CachedImage {
	at := time.Date(2026, 1, 2, 3, 4, n, 567891000, time.UTC)
	return glance.CachedImage{ImageID: id(n), LastAccessed: at, LastModified: at.Add(-time.Hour), Size: 1<<40 + int64(n)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantRecords compares the records but for their numbers, which only have to
// be there and ascend.
func wantRecords(t *testing.T, s metadata.Store, c metadata.NodeCache, want ...glance.CachedImage) {
	t.Helper()
	got, err := c.List(t.Context())
	must(t, err)
	last := int64(0)
	for i := range got {
		if got[i].Number <= last {
			t.Errorf("record %d has the number %d after %d", i, got[i].Number, last)
		}
		last, got[i].Number = got[i].Number, 0
	}
	want = append([]glance.CachedImage{}, want...)
	for i := range want {
		want[i].LastAccessed = engineOf(s).stored(want[i].LastAccessed)
		want[i].LastModified = engineOf(s).stored(want[i].LastModified)
	}
	same(t, "records", append([]glance.CachedImage{}, got...), want)
}

func aRecord(t *testing.T, s metadata.Store) {
	c := cacheOf(t, s, nodeA)
	wantRecords(t, s, c)
	one, two := record(1), record(2)
	must(t, c.Add(t.Context(), one))
	must(t, c.Add(t.Context(), two))
	wantRecords(t, s, c, one, two)
	at := time.Date(2026, 2, 3, 4, 5, 6, 789012000, time.UTC)
	must(t, c.Hit(t.Context(), one.ImageID, at))
	must(t, c.Hit(t.Context(), one.ImageID, at))
	one.Hits, one.LastAccessed = 2, at
	wantRecords(t, s, c, one, two)
	wantRecords(t, s, cacheOf(t, s, nodeA), one, two)
	must(t, c.Remove(t.Context(), one.ImageID))
	wantRecords(t, s, c, two)
}

func aRecordAgain(t *testing.T, s metadata.Store) {
	c := cacheOf(t, s, nodeA)
	one, two := record(1), record(2)
	must(t, c.Add(t.Context(), one))
	must(t, c.Add(t.Context(), two))
	must(t, c.Hit(t.Context(), one.ImageID, one.LastAccessed))
	one.Size, one.LastModified, one.Hits = 7, one.LastModified.Add(time.Minute), 5
	must(t, c.Add(t.Context(), one))
	wantRecords(t, s, c, one, two)
}

func nodes(t *testing.T, s metadata.Store) {
	a, b := cacheOf(t, s, nodeA), cacheOf(t, s, nodeB)
	want := func(n int, urls ...string) {
		t.Helper()
		got, err := s.NodesWith(t.Context(), id(n))
		must(t, err)
		same(t, "nodes", append([]string{}, got...), append([]string{}, urls...))
	}
	want(1)
	must(t, b.Add(t.Context(), record(1)))
	want(1, nodeB)
	must(t, a.Add(t.Context(), record(1)))
	must(t, a.Add(t.Context(), record(2)))
	want(1, nodeA, nodeB)
	want(2, nodeA)
	must(t, a.Hit(t.Context(), id(1), time.Now()))
	wantRecords(t, s, b, record(1))
	must(t, a.Remove(t.Context(), id(1)))
	want(1, nodeB)
	wantRecords(t, s, b, record(1))
	wantRecords(t, s, a, record(2))
}

func recordsOfNothing(t *testing.T, s metadata.Store) {
	c := cacheOf(t, s, nodeA)
	for _, unknown := range []string{id(1), "", strings.Repeat("x", 300)} {
		must(t, c.Hit(t.Context(), unknown, time.Now()))
		must(t, c.Remove(t.Context(), unknown))
		if urls, err := s.NodesWith(t.Context(), unknown); err != nil || len(urls) > 0 {
			t.Errorf("nodes with %q: %v, %v", unknown, urls, err)
		}
	}
	wantRecords(t, s, c)
}

// atOnce runs f in several goroutines.
func atOnce(t *testing.T, f func() error) {
	t.Helper()
	const workers = 8
	var all sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		all.Go(func() { errs[i] = f() })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func hitsAtTheSameTime(t *testing.T, s metadata.Store) {
	c := cacheOf(t, s, nodeA)
	one := record(1)
	must(t, c.Add(t.Context(), one))
	atOnce(t, func() error {
		for range 5 {
			if err := c.Hit(t.Context(), one.ImageID, one.LastAccessed); err != nil {
				return err
			}
		}
		return nil
	})
	one.Hits = 40
	wantRecords(t, s, c, one)
}

func additionsAtTheSameTime(t *testing.T, s metadata.Store) {
	atOnce(t, func() error {
		c, err := s.CacheOf(t.Context(), nodeA)
		if err != nil {
			return err
		}
		return c.Add(t.Context(), record(1))
	})
	wantRecords(t, s, cacheOf(t, s, nodeA), record(1))
}

func aNodeOfALongName(t *testing.T, s metadata.Store) {
	cacheOf(t, s, strings.Repeat("x", metadata.LongestNode))
	_, err := s.CacheOf(t.Context(), strings.Repeat("x", metadata.LongestNode+1))
	wants(t, err, glance.Invalid, "")
}

func cacheOfAClosedStore(t *testing.T, s metadata.Store) {
	c := cacheOf(t, s, nodeA)
	must(t, s.Close())
	_, err := s.CacheOf(t.Context(), nodeA)
	wants(t, err, glance.Unavailable, "")
	_, err = s.NodesWith(t.Context(), id(1))
	wants(t, err, glance.Unavailable, "")
	wants(t, c.Add(t.Context(), record(1)), glance.Unavailable, "")
	_, err = c.List(t.Context())
	wants(t, err, glance.Unavailable, "")
}
