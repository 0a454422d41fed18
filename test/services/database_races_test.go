//go:build services

package services_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/test/e2e/rig"
)

// races is how often the two sides meet.
const races = 15

// atOnce sends the same request to both sides and gives the two answers. Ours
// is quicker: the original has a start of lead. It may hang up on a body that it
// refuses, which is a refusal too.
func atOnce(t *testing.T, original, ours *rig.Client, lead time.Duration, method, path, kind string, body [2]string) (answers [2]*rig.Answer) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i, c := range []*rig.Client{original, ours} {
		wg.Go(func() {
			<-begin
			if i == 1 {
				time.Sleep(lead)
			}
			header := http.Header{}
			if kind != "" {
				header.Set("Content-Type", kind)
			}
			a, err := c.Call(t.Context(), method, path, header, strings.NewReader(body[i]), int64(len(body[i])))
			if err != nil && i == 0 && body[i] != "" {
				a = &rig.Answer{Status: http.StatusConflict, Body: []byte(err.Error())}
			} else if err != nil {
				t.Error(err)
				a = &rig.Answer{}
			}
			answers[i] = a
		})
	}
	close(begin)
	wg.Wait()
	return answers
}

func lead(round int) time.Duration { return time.Duration(round) * 5 * time.Millisecond }

// changesAtOnce adds properties to one image from both sides, one client there
// and several here. Ours takes all of its changes, and none of them undoes one
// of the original's; those that come after the original's last one stay. (What
// is set between the moments when the original reads and writes an image, it
// undoes itself: it writes the image back whole.)
func changesAtOnce(t *testing.T, original, ours *rig.Client) {
	img, err := original.Create(t.Context(), map[string]any{"name": "common", "disk_format": "raw", "container_format": "bare"})
	if err != nil {
		t.Fatal(err)
	}
	add := func(c *rig.Client, key string) *rig.Answer {
		body := `[{"op": "add", "path": "/` + key + `", "value": "x"}]`
		a, err := c.Call(t.Context(), "PATCH", "/v2/images/"+img.ID, http.Header{"Content-Type": {patchType}}, strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Error(err)
			return &rig.Answer{}
		}
		return a
	}
	mustStay := map[string]bool{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-done:
					return
				default:
					// Three properties over and over: there is a quota.
					if a := add(ours, fmt.Sprintf("ours%d_%d", n, round%3)); a.Status != http.StatusOK {
						t.Errorf("ours refuses: %d %s", a.Status, a.Body)
					}
				}
			}
		})
	}
	taken := 0
	for n := range 3 * races {
		key := fmt.Sprintf("theirs%d", n)
		if a := add(original, key); a.Status == http.StatusOK {
			mustStay[key] = true
			taken++
		} else {
			t.Logf("the original refuses: %d %s", a.Status, a.Body)
		}
	}
	close(done)
	wg.Wait()
	for n := range races {
		key := fmt.Sprintf("after%d", n)
		mustStay[key] = true
		if a := add(ours, key); a.Status != http.StatusOK {
			t.Errorf("ours refuses: %d %s", a.Status, a.Body)
		}
	}
	if taken < races {
		t.Errorf("the original took %d changes only", taken)
	}
	shown := asMap(t, call(t, original, "GET", "/v2/images/"+img.ID, "", "", 200))
	for key := range mustStay {
		if shown[key] == nil {
			t.Errorf("%s was taken and is gone", key)
		}
	}
	sameOn(t, original, ours, img.ID)
	call(t, ours, "DELETE", "/v2/images/"+img.ID, "", "", 204)
}

// uploadsAtOnce uploads to one image from both sides: one of them succeeds,
// and its data is what the image has.
func uploadsAtOnce(t *testing.T, n *rig.Node, original, ours *rig.Client) {
	won := [2]int{}
	for round := range races {
		img, err := ours.Create(t.Context(), map[string]any{"disk_format": "raw", "container_format": "bare"})
		if err != nil {
			t.Fatal(err)
		}
		data := [2]string{string(rig.Random(uint64(2*round), mib)), string(rig.Random(uint64(2*round+1), mib))}
		answers := atOnce(t, original, ours, lead(round), "PUT", "/v2/images/"+img.ID+"/file", rig.OctetStream, data)
		winner := 0
		if answers[1].Status == http.StatusNoContent {
			winner = 1
		}
		won[winner]++
		if got := answers[1-winner].Status; answers[winner].Status != http.StatusNoContent || got != http.StatusConflict && got != http.StatusGone {
			t.Errorf("the original: %d %s, ours: %d %s", answers[0].Status, answers[0].Body, answers[1].Status, answers[1].Body)
		}
		for _, c := range []*rig.Client{original, ours} {
			if got, err := c.Download(t.Context(), img.ID); err != nil || !bytes.Equal(got, []byte(data[winner])) {
				t.Errorf("%s gives %d bytes that are not the winner's, %v", c.Base, len(got), err)
			}
		}
		sameOn(t, original, ours, img.ID)
		call(t, ours, "DELETE", "/v2/images/"+img.ID, "", "", 204)
	}
	t.Logf("the original won %d times, ours %d times", won[0], won[1])
	if files := n.Files(); len(files) != 0 {
		t.Errorf("left in the store: %q", files)
	}
}

// deletesAtOnce deletes one image from both sides: it is gone for both, with
// its data. Between two writes of the original it has the status deleted and is
// not: who comes then meets a conflict.
func deletesAtOnce(t *testing.T, n *rig.Node, original, ours *rig.Client) {
	for round := range races {
		img, err := original.Create(t.Context(), map[string]any{"disk_format": "raw", "container_format": "bare"})
		if err != nil {
			t.Fatal(err)
		}
		if err := original.Put(t.Context(), img.ID, rig.Random(1, 1000)); err != nil {
			t.Fatal(err)
		}
		path := "/v2/images/" + img.ID
		deleted := false
		for i, a := range atOnce(t, original, ours, lead(round), "DELETE", path, "", [2]string{}) {
			deleted = deleted || a.Status == http.StatusNoContent
			conflict := a.Status == http.StatusConflict && strings.Contains(string(a.Body), "Image status transition from deleted to deleted is not allowed")
			if i == 1 && a.Status != http.StatusNoContent && a.Status != http.StatusNotFound && !conflict {
				t.Errorf("ours: %d %s", a.Status, a.Body)
			}
		}
		if !deleted {
			t.Error("nobody has deleted it")
		}
		call(t, original, "GET", path, "", "", 404)
		call(t, ours, "GET", path, "", "", 404)
		if _, err := os.Stat(filepath.Join(n.StoreDir(), img.ID)); err == nil {
			t.Error("its data is left")
		}
	}
}

// membersAtOnce shares one image with the same project from both sides. The
// original's tables let both succeed; who is removed is removed all the same.
func membersAtOnce(t *testing.T, original, ours *rig.Client) {
	for round := range races {
		img, err := ours.Create(t.Context(), map[string]any{"visibility": "shared"})
		if err != nil {
			t.Fatal(err)
		}
		path := "/v2/images/" + img.ID + "/members"
		added := false
		for _, a := range atOnce(t, original, ours, lead(round), "POST", path, "application/json", [2]string{`{"member": "other"}`, `{"member": "other"}`}) {
			added = added || a.Status == http.StatusOK
			if a.Status != http.StatusOK && a.Status != http.StatusConflict {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		if body := call(t, ours, "GET", path, "", "", 200); !added || strings.Count(body, `"member_id"`) != 1 {
			t.Errorf("members: %s", body)
		}
		call(t, ours, "DELETE", path+"/other", "", "", 204)
		for _, c := range []*rig.Client{original, ours} {
			if body := call(t, c, "GET", path, "", "", 200); strings.Contains(body, `"member_id"`) {
				t.Errorf("members after the only one was removed, on %s: %s", c.Base, body)
			}
		}
		call(t, ours, "DELETE", "/v2/images/"+img.ID, "", "", 204)
	}
}
