package images_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"glance/internal/glance"
	"glance/internal/images"
)

// share adds an image of p-alpha with p-beta as a member, and somebody else.
func (r *rig) share(t testing.TB, visibility glance.Visibility, status glance.MemberStatus) {
	t.Helper()
	r.add(t, queued(func(img *glance.Image) { img.Visibility = visibility }))
	for _, m := range []glance.Member{{Member: "p-beta", Status: status}, {Member: "p-delta"}} {
		m.ImageID = img1
		if _, err := r.db.AddMember(t.Context(), m, func(int) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func names(members []glance.Member) []string {
	var out []string
	for _, m := range members {
		out = append(out, m.Member+" "+string(m.Status))
	}
	return out
}

func TestMembers(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	s := r.sharer()
	m, err := s.Add(t.Context(), alice, img1, "p-beta")
	want := glance.Member{ImageID: img1, Member: "p-beta", Status: glance.MemberPending}
	if diff := cmp.Diff(want, m, cmpopts.IgnoreFields(glance.Member{}, "CreatedAt", "UpdatedAt")); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	if _, err := s.Add(t.Context(), alice, img1, "p-alpha"); err != nil {
		t.Errorf("the owner's own project: %v", err)
	}
	m, err = s.SetStatus(t.Context(), bob, img1, "p-beta", glance.MemberAccepted)
	if err != nil || m.Status != glance.MemberAccepted {
		t.Fatalf("%+v, %v", m, err)
	}
	for who, want := range map[*glance.Caller][]string{
		alice: {"p-beta accepted", "p-alpha pending"}, boss: {"p-beta accepted", "p-alpha pending"}, bob: {"p-beta accepted"},
	} {
		list, err := s.List(t.Context(), who, img1)
		if diff := cmp.Diff(want, names(list)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", who.UserID, err, diff)
		}
	}
	if m, err := s.Show(t.Context(), bob, img1, "p-beta"); err != nil || m.Status != glance.MemberAccepted {
		t.Errorf("%+v, %v", m, err)
	}
	if err := s.Remove(t.Context(), alice, img1, "p-beta"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Show(t.Context(), alice, img1, "p-beta")
	wantFault(t, err, noMember("p-beta"))
	again, err := s.Add(t.Context(), alice, img1, "p-beta")
	if err != nil || again.Status != glance.MemberPending || !again.CreatedAt.Equal(m.CreatedAt) {
		t.Errorf("added again: %+v, %v; first %+v", again, err, m)
	}
}

func noMember(name string) fault {
	return fault{glance.NotFound, name + " not found in the member list of the image " + img1 + ".", ""}
}

// memberCalls are the calls of spec images-v2 §15, about the member p-beta, or
// p-new when he is added.
var memberCalls = map[string]func(*testing.T, *images.Sharer, *glance.Caller) error{
	"list": func(t *testing.T, s *images.Sharer, who *glance.Caller) error {
		_, err := s.List(t.Context(), who, img1)
		return err
	},
	"add": func(t *testing.T, s *images.Sharer, who *glance.Caller) error {
		_, err := s.Add(t.Context(), who, img1, "p-new")
		return err
	},
	"show": func(t *testing.T, s *images.Sharer, who *glance.Caller) error {
		_, err := s.Show(t.Context(), who, img1, "p-beta")
		return err
	},
	"set": func(t *testing.T, s *images.Sharer, who *glance.Caller) error {
		_, err := s.SetStatus(t.Context(), who, img1, "p-beta", glance.MemberRejected)
		return err
	},
	"remove": func(t *testing.T, s *images.Sharer, who *glance.Caller) error {
		return s.Remove(t.Context(), who, img1, "p-beta")
	},
}

// TestMembersRefused is the table of spec images-v2 §15, in its order.
func TestMembersRefused(t *testing.T) {
	invisible := fault{glance.NotFound, "Image " + img1 + " not found.", ""}
	hidden := fault{kind: glance.NotFound}
	refused := func(rule string) fault {
		return fault{glance.Forbidden, "You are not authorized to complete " + rule + " action.", ""}
	}
	unshared := func(deed string) fault {
		return fault{glance.Forbidden, "Not allowed to " + deed + " members for image " + img1 + ".", ""}
	}
	tests := []struct {
		name       string
		visibility glance.Visibility
		who        *glance.Caller
		old        bool
		want       map[string]fault
	}{
		{name: "not visible", who: carol, want: map[string]fault{"list": invisible, "add": invisible, "show": invisible, "set": invisible, "remove": invisible}},
		{
			name: "not shared", visibility: "private", who: alice, want: map[string]fault{
				"list": {glance.Forbidden, "Not allowed to list members for image " + img1 + ": Only shared images have members.", ""},
				"add":  unshared("create"), "set": unshared("update"), "remove": unshared("delete"),
				"show": {glance.NotFound, "Only shared images have members.", ""},
			},
		},
		{
			name: "not shared comes before policy", visibility: "public", who: nora, want: map[string]fault{
				"list": {glance.Forbidden, "Not allowed to list members for image " + img1 + ": Only shared images have members.", ""},
				"add":  unshared("create"), "set": unshared("update"), "remove": unshared("delete"),
				"show": {glance.NotFound, "Only shared images have members.", ""},
			},
		},
		{name: "may not even see", who: nora, want: map[string]fault{"list": hidden, "add": hidden, "show": hidden, "set": hidden, "remove": hidden}},
		{name: "reader of the owner", who: rita, want: map[string]fault{"add": refused("add_member"), "set": refused("modify_member"), "remove": refused("delete_member")}},
		{name: "owner", who: alice, want: map[string]fault{"set": refused("modify_member")}},
		{name: "member", who: bob, want: map[string]fault{"add": refused("add_member"), "remove": refused("delete_member")}},
		{name: "owner, old defaults", who: alice, old: true, want: map[string]fault{"set": unshared("update")}},
		{name: "member, old defaults", who: bob, old: true, want: map[string]fault{"add": unshared("create"), "remove": unshared("delete")}},
		{name: "admin", who: boss, want: map[string]fault{}},
		{name: "admin, old defaults", who: boss, old: true, want: map[string]fault{}},
	}
	for _, tt := range tests {
		for call, do := range memberCalls {
			t.Run(tt.name+"/"+call, func(t *testing.T) {
				r := newRig(t)
				r.limits.MaxMembers = -1
				r.policy = enforcer(t, !tt.old)
				if tt.visibility == "" {
					tt.visibility = glance.VisibilityShared
				}
				r.share(t, tt.visibility, glance.MemberAccepted)
				before, err := r.db.Members(t.Context(), img1)
				if err != nil {
					t.Fatal(err)
				}
				err = do(t, r.sharer(), tt.who)
				want, refused := tt.want[call]
				if !refused {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantFault(t, err, want)
				after, err := r.db.Members(t.Context(), img1)
				if diff := cmp.Diff(before, after); err != nil || diff != "" {
					t.Errorf("%v\n%s", err, diff)
				}
			})
		}
	}
}

// TestMembersHidden: a file may forbid what the defaults allow to everybody who
// sees the image.
func TestMembersHidden(t *testing.T) {
	refused := fault{glance.Forbidden, "You are not authorized to complete get_member action.", ""}
	want := map[string]fault{"show": {kind: glance.NotFound}, "set": refused, "remove": refused}
	for call, do := range memberCalls {
		r := newRig(t)
		r.limits.MaxMembers = -1
		r.policy = ruled(t, "get_member: '!'")
		r.share(t, glance.VisibilityShared, glance.MemberAccepted)
		if err := do(t, r.sharer(), alice); err != nil || want[call] != (fault{}) {
			wantFault(t, err, want[call])
		}
		if list, err := r.sharer().List(t.Context(), alice, img1); err != nil || len(list) > 0 {
			t.Errorf("%d members are listed, %v", len(list), err)
		}
	}
}

// TestMembersOthers has the rows that only one call knows.
func TestMembersOthers(t *testing.T) {
	r := newRig(t)
	r.share(t, glance.VisibilityShared, glance.MemberAccepted)
	s := r.sharer()
	_, err := s.Add(t.Context(), alice, img1, "p\U0001F600")
	wantFault(t, err, fault{glance.Invalid, "Member can't contain 4 byte unicode characters.", ""})
	_, err = s.Add(t.Context(), alice, img1, "p-beta")
	wantFault(t, err, fault{glance.Conflict, "Member p-beta is duplicated for image " + img1, ""})
	_, err = s.Add(t.Context(), alice, img1, "p-new")
	wantFault(t, err, fault{
		glance.TooLarge, "Image member limit exceeded for image " + img1 + ": The limit has been exceeded on the number of allowed " +
			"image members for this image. Attempted: 3, Maximum: 2:", "",
	})
	for _, to := range []glance.MemberStatus{"", "perhaps", "Accepted"} {
		_, err = s.SetStatus(t.Context(), bob, img1, "p-beta", to)
		wantFault(t, err, fault{glance.Invalid, `Incorrect request: Status must be "pending", "accepted" or "rejected".`, ""})
	}
	// Somebody else's row is not there, and neither is one that never was.
	for _, name := range []string{"p-delta", "p-new"} {
		_, err = s.Show(t.Context(), bob, img1, name)
		wantFault(t, err, noMember(name))
		_, err = s.SetStatus(t.Context(), bob, img1, name, glance.MemberAccepted)
		wantFault(t, err, noMember(name))
		wantFault(t, s.Remove(t.Context(), bob, img1, name), noMember(name))
	}
	_, err = s.Show(t.Context(), alice, img1, "p-new")
	wantFault(t, err, noMember("p-new"))
}

// TestMembersAtOnce: the quota holds.
func TestMembersAtOnce(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	s := r.sharer()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, err := s.Add(t.Context(), alice, img1, fmt.Sprint("p", i)); err != nil && glance.KindOf(err) != glance.TooLarge {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := s.List(t.Context(), alice, img1); err != nil || len(list) != 2 {
		t.Errorf("%d members, %v", len(list), err)
	}
}
