package metadatatest

import (
	"errors"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func memberTests() []test {
	return []test{
		{"add, read, list", addReadList},
		{"a member is there once", aMemberIsThereOnce},
		{"admission counts", admissionCounts},
		{"update", updateMember},
		{"remove and come back", removeAndComeBack},
		{"members of nothing", membersOfNothing},
	}
}

func admitAll(int) error { return nil }

func addMember(t *testing.T, s metadata.Store, imageID, member string, status glance.MemberStatus) glance.Member {
	t.Helper()
	m, err := s.AddMember(t.Context(), glance.Member{ImageID: imageID, Member: member, Status: status}, admitAll)
	if err != nil {
		t.Fatalf("add member %s of %s: %v", member, imageID, err)
	}
	return m
}

func memberNames(t *testing.T, s metadata.Store, imageID string) (list []string) {
	t.Helper()
	members, err := s.Members(t.Context(), imageID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		list = append(list, m.Member)
	}
	return list
}

func addReadList(t *testing.T, s metadata.Store) {
	create(t, s, plain(1), plain(2))
	m := addMember(t, s, id(1), "zoe", "")
	if m.Status != glance.MemberPending || m.CreatedAt.IsZero() || !m.CreatedAt.Equal(m.UpdatedAt) || m.ImageID != id(1) {
		t.Errorf("added: %s", show(m))
	}
	got, err := s.Member(t.Context(), id(1), "zoe")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read", got, m)
	share, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "adam", Status: glance.MemberAccepted, CanShare: true}, admitAll)
	if err != nil || !share.CanShare || share.Status != glance.MemberAccepted {
		t.Errorf("added: %s, %v", show(share), err)
	}
	addMember(t, s, id(2), "eve", "")
	same(t, "members in row order", memberNames(t, s, id(1)), []string{"zoe", "adam"})
}

func aMemberIsThereOnce(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	addMember(t, s, id(1), "m", glance.MemberAccepted)
	_, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "m"}, admitAll)
	wants(t, err, glance.Conflict, "Member m is duplicated for image "+id(1))
	if m, err := s.Member(t.Context(), id(1), "m"); err != nil || m.Status != glance.MemberAccepted {
		t.Errorf("the member that was there: %s, %v", show(m), err)
	}
}

func admissionCounts(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	full := errors.New("full")
	for n, name := range []string{"a", "b", "c"} {
		_, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: name}, func(present int) error {
			if present != n {
				t.Errorf("%d members present, want %d", present, n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RemoveMember(t.Context(), id(1), "b"); err != nil {
		t.Fatal(err)
	}
	_, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "d"}, func(present int) error {
		if present != 2 {
			t.Errorf("%d members present, want 2", present)
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	same(t, "members", memberNames(t, s, id(1)), []string{"a", "c"})
}

func updateMember(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	first := addMember(t, s, id(1), "m", "")
	got, err := s.UpdateMember(t.Context(), id(1), "m", func(m *glance.Member) error {
		m.Status, m.CanShare = glance.MemberRejected, true
		m.Member, m.ImageID = "other", id(2)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != glance.MemberRejected || !got.CanShare || got.Member != "m" || got.ImageID != id(1) ||
		!got.CreatedAt.Equal(first.CreatedAt) || got.UpdatedAt.Before(first.UpdatedAt) {
		t.Errorf("updated: %s", show(got))
	}
	for _, stop := range []error{metadata.ErrUnchanged, errors.New("mine")} {
		again, err := s.UpdateMember(t.Context(), id(1), "m", func(m *glance.Member) error {
			m.Status = glance.MemberAccepted
			return stop
		})
		if errors.Is(stop, metadata.ErrUnchanged) {
			same(t, "unchanged", again, got)
			stop = nil
		}
		if !errors.Is(err, stop) {
			t.Errorf("error %v, want %v", err, stop)
		}
	}
	stored, err := s.Member(t.Context(), id(1), "m")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "stored", stored, got)
	_, err = s.UpdateMember(t.Context(), id(1), "nobody", func(*glance.Member) error { return nil })
	wants(t, err, glance.NotFound, "nobody not found in the member list of the image "+id(1)+".")
}

func removeAndComeBack(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	first := addMember(t, s, id(1), "m", glance.MemberAccepted)
	addMember(t, s, id(1), "n", glance.MemberAccepted)
	for range 2 {
		if err := s.RemoveMember(t.Context(), id(1), "m"); err != nil {
			t.Fatal(err)
		}
		same(t, "members", memberNames(t, s, id(1)), []string{"n"})
		wants(t, s.RemoveMember(t.Context(), id(1), "m"), glance.NotFound, "m not found in the member list of the image "+id(1)+".")
		again := addMember(t, s, id(1), "m", "")
		if again.Status != glance.MemberPending || !again.CreatedAt.Equal(first.CreatedAt) {
			t.Errorf("revived: %s, first %s", show(again), show(first))
		}
		same(t, "members, the row of old", memberNames(t, s, id(1)), []string{"m", "n"})
	}
}

func membersOfNothing(t *testing.T, s metadata.Store) {
	same(t, "members", len(memberNames(t, s, id(1))), 0)
	_, err := s.Member(t.Context(), id(1), "m")
	wants(t, err, glance.NotFound, "m not found in the member list of the image "+id(1)+".")
	_, err = s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "m"}, func(int) error {
		t.Error("admit is asked")
		return nil
	})
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
}
