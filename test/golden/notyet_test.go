package golden_test

import (
	"errors"
	"maps"
	"testing"

	"glance/test/golden"
)

func TestNotYet(t *testing.T) {
	list, err := golden.ParseNotYet("# comment\n\na-b import\nc cache\nd-e multistore\n")
	if err != nil {
		t.Fatal(err)
	}
	list.Update(map[string]error{"a-b": nil, "c": errors.New("step 3 GET /v2/metadefs: no"), "tasks-list": errors.New("no"), "x": nil})
	want := golden.NotYet{"c": "metadefs", "d-e": "multistore", "tasks-list": "tasks"}
	if !maps.Equal(list, want) {
		t.Errorf("after update: %v, want %v", list, want)
	}
	again, err := golden.ParseNotYet(list.String())
	if err != nil || !maps.Equal(again, want) {
		t.Errorf("read back: %v, %v", again, err)
	}
}

func TestNotYetRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no reason": "a\n", "two reasons": "a b c\n", "not sorted": "b x\na x\n", "twice": "a x\na x\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := golden.ParseNotYet(text); err == nil {
				t.Errorf("%q is accepted", text)
			}
		})
	}
}
