package storetest

import (
	"bytes"
	"testing"

	"glance/internal/glance"
)

func crashing() []Case {
	return []Case{
		{"AbandonNothing", testAbandonNothing},
		{"AbandonPublished", testAbandonPublished},
		{"AbandonSparesOthers", testAbandonSparesOthers},
	}
}

func testAbandonNothing(t *testing.T, f Fixture) {
	if err := f.Driver.Abandon(t.Context(), newUpload(4)); err != nil {
		t.Errorf("Abandon: %v", err)
	}
}

// testAbandonPublished is a process that died between the return of Put and
// the row: nobody knows of the data, so the next start must remove it.
func testAbandonPublished(t *testing.T, f Fixture) {
	up := newUpload(4)
	url := f.put(t, up, []byte("data"))
	for range 2 { // settling twice is settling once
		if err := f.Driver.Abandon(t.Context(), up); err != nil {
			t.Errorf("Abandon: %v", err)
		}
	}
	_, err := f.Driver.Open(t.Context(), url, 0)
	wantKind(t, "Open", err, glance.NotFound)
	f.wantNothing(t, up)
}

// testAbandonSparesOthers is a process that died after its attempt had failed
// because of another's data.
func testAbandonSparesOthers(t *testing.T, f Fixture) {
	up := newUpload(5)
	url := f.put(t, up, []byte("first"))
	failed := up
	failed.Attempt = newID()
	_, err := f.Driver.Put(t.Context(), failed, bytes.NewReader([]byte("other")))
	wantKind(t, "Put", err, glance.Conflict)
	if err := f.Driver.Abandon(t.Context(), failed); err != nil {
		t.Errorf("Abandon: %v", err)
	}
	f.wantData(t, url, []byte("first"))
}
