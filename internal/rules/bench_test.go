package rules_test

import (
	"testing"

	"glance/internal/rules"
)

const defaultGetImage = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s" +
	" or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))"

func BenchmarkGetImage(b *testing.B) {
	get, _ := rules.Parse(defaultGetImage)
	admin, _ := rules.Parse("role:admin")
	set := rules.NewSet(map[string]*rules.Check{"get_image": get, "context_is_admin": admin}, "default", nil)
	var image rules.Target = target{"project_id": "p-beta", "member_id": "None", "visibility": "shared"}
	var who rules.Credentials = alice
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := set.Allowed(b.Context(), "get_image", image, who); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rules.Parse(defaultGetImage); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAllowedDoesNotAllocate(t *testing.T) {
	get, _ := rules.Parse(defaultGetImage)
	set := rules.NewSet(map[string]*rules.Check{"get_image": get}, "default", nil)
	var image rules.Target = target{"project_id": "p-beta", "member_id": "None", "visibility": "shared"}
	var who rules.Credentials = alice
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { _, _ = set.Allowed(ctx, "get_image", image, who) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
