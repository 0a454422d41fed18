package images_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
)

// node is another node.
type node struct {
	does  func() error // nil is success
	asked []string     // hosts
}

func (n *node) Delete(_ context.Context, host, imageID string, who *glance.Caller) (string, error) {
	n.asked = append(n.asked, host+" "+imageID+" "+who.UserID)
	if n.does != nil {
		if err := n.does(); err != nil {
			return "", err
		}
	}
	return "req-node", nil
}

func (r *locationRig) deleterWith(n *node, self string) *images.Deleter {
	d := r.deleter()
	d.Peers, d.SelfURL = n, self
	return d
}

// keptBy is a staged image that a node keeps something of.
func keptBy(property, host string) *glance.Image {
	return queued(status(glance.StatusUploading), func(img *glance.Image) {
		img.SetProperty(glance.Property{Name: property, Value: host})
	})
}

func TestDeleteAnywhere(t *testing.T) {
	const stage, hash = glance.StageHostProperty, glance.HashHostProperty
	tests := []struct {
		property, host, self string
		asked                bool
	}{
		{stage, "http://other", "http://self", true},
		{hash, "http://other", "http://self", true},
		{stage, "http://other", "", true},
		{stage, "http://self:9292", "http://self", true},
		{stage, "https://self", "http://self", true},
		{stage, "http://self/image", "http://self", true},
		{stage, "http://self", "http://self", false},
		{hash, "http://self", "http://self", false},
		{stage, "HTTP://Self:80/", "http://self", false},
		{stage, "https://self/image", "https://SELF:443/image/", false},
		{stage, "http://[::1]", "http://[::1]:80", false},
		{stage, "self", "self", false},
		{stage, "", "http://self", false},
		{"os_glance_failed_import", "http://other", "http://self", false},
	}
	for _, tt := range tests {
		t.Run(tt.property+" "+tt.host+" "+tt.self, func(t *testing.T) {
			r, n := newLocationRig(t), &node{}
			r.add(t, keptBy(tt.property, tt.host))
			r.leave()
			id, err := r.deleterWith(n, tt.self).DeleteAnywhere(t.Context(), alice, img1)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.asked {
				if r.get(t, img1) != nil || r.staging.has(stagedURL) || id != "" || len(n.asked) > 0 {
					t.Errorf("not deleted here: %q, asked %q", id, n.asked)
				}
				return
			}
			if want := []string{tt.host + " " + img1 + " u-alice"}; !slices.Equal(n.asked, want) || id != "req-node" {
				t.Errorf("%q, asked %q, want %q", id, n.asked, want)
			}
			if r.get(t, img1) == nil || !r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
				t.Error("this node has done something")
			}
		})
	}
}

// TestDeleteAnywhereNode: what the other node says counts, unless it says
// nothing.
func TestDeleteAnywhereNode(t *testing.T) {
	gone := fault{glance.NotFound, "Failed to find image " + img1 + " to delete", ""}
	tests := []struct {
		name string
		does func(*locationRig) error
		want fault // none: the image is deleted
	}{
		{"refuses", func(*locationRig) error { return glance.Errorf(glance.Forbidden, "Not here") }, fault{glance.Forbidden, "Not here", ""}},
		{"finds nothing", func(*locationRig) error { return glance.Errorf(glance.NotFound, "Nothing") }, fault{glance.NotFound, "Nothing", ""}},
		{"client is gone", func(*locationRig) error { return context.Canceled }, fault{}},
		{"is down", func(*locationRig) error { return glance.Errorf(glance.GatewayTimeout, "down") }, fault{}},
		{"is mad", func(*locationRig) error { return glance.Errorf(glance.BadGateway, "mad") }, fault{}},
		{"has done it and died", func(r *locationRig) error {
			return errors.Join(r.deleter().Delete(t.Context(), alice, img1), glance.Errorf(glance.BadGateway, "EOF"))
		}, gone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, keptBy(glance.StageHostProperty, "http://other"))
			n := &node{does: func() error { return tt.does(r) }}
			id, err := r.deleterWith(n, "http://self").DeleteAnywhere(t.Context(), alice, img1)
			left := r.get(t, img1) != nil
			switch {
			case errors.Is(err, context.Canceled):
				if !left {
					t.Error("deleted although nobody knows what the other node does")
				}
			case tt.want != (fault{}):
				wantFault(t, err, tt.want)
				if left != (tt.want != gone) {
					t.Errorf("image is there: %v", left)
				}
			case err != nil || left:
				t.Errorf("%v, image is there: %v", err, left)
			}
			if id != "" || len(n.asked) != 1 {
				t.Errorf("%q, asked %q", id, n.asked)
			}
		})
	}
}

// TestDeleteAnywhereRefused: nobody is asked for what the caller may not do, or
// when it is another node that asks.
func TestDeleteAnywhereRefused(t *testing.T) {
	r, n := newLocationRig(t), &node{}
	r.add(t, keptBy(glance.StageHostProperty, "http://other"))
	d := r.deleterWith(n, "http://self")
	protect := func(protected bool) { r.update(t, img1, func(img *glance.Image) { img.Protected = protected }) }

	_, err := d.DeleteAnywhere(t.Context(), bob, img1)
	wantFault(t, err, fault{glance.NotFound, "Failed to find image " + img1 + " to delete", ""})
	_, err = d.DeleteAnywhere(t.Context(), rita, img1)
	wantFault(t, err, fault{glance.Forbidden, "You are not authorized to complete delete_image action.", ""})
	protect(true)
	_, err = d.DeleteAnywhere(t.Context(), boss, img1)
	wantFault(t, err, fault{glance.Forbidden, "Image " + img1 + " is protected and cannot be deleted.", ""})
	protect(false)
	if err := d.Delete(t.Context(), alice, img1); err != nil || r.get(t, img1) != nil {
		t.Errorf("not deleted here: %v", err)
	}
	if len(n.asked) > 0 {
		t.Errorf("asked %q", n.asked)
	}
}

// TestDeleteOldAnywhere: API v1 asks the other node too.
func TestDeleteOldAnywhere(t *testing.T) {
	r, n := newLocationRig(t), &node{}
	r.add(t, keptBy(glance.StageHostProperty, "http://other"))
	if err := r.deleterWith(n, "http://self").DeleteOld(t.Context(), alice, img1); err != nil || len(n.asked) != 1 {
		t.Errorf("%v, asked %q", err, n.asked)
	}
}

func (n *node) Import(ctx context.Context, host, imageID string, who *glance.Caller, _ []byte, _ *string) (string, error) {
	return n.Delete(ctx, host, imageID, who)
}
