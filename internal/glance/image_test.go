package glance_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"glance/internal/glance"
)

func TestVisibleTo(t *testing.T) {
	tests := []struct {
		owner, project string
		visibility     glance.Visibility
		member, want   bool
	}{
		{"a", "a", glance.VisibilityPrivate, false, true},
		{"a", "b", glance.VisibilityPrivate, false, false},
		{"a", "b", glance.VisibilityPrivate, true, false},
		{"a", "b", glance.VisibilityShared, true, true},
		{"a", "b", glance.VisibilityShared, false, false},
		{"a", "b", glance.VisibilityPublic, false, true},
		{"a", "b", glance.VisibilityCommunity, false, true},
		{"", "b", glance.VisibilityPrivate, false, true},
		{"a", "", glance.VisibilityShared, false, false},
		{"", "", glance.VisibilityPrivate, false, true},
		{"a", "", glance.VisibilityPublic, false, true},
	}
	for _, tt := range tests {
		img := glance.Image{Owner: tt.owner, Visibility: tt.visibility}
		if got := img.VisibleTo(tt.project, tt.member); got != tt.want {
			t.Errorf("%s image of %q to %q (member %v): %v", tt.visibility, tt.owner, tt.project, tt.member, got)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	name, size := "one", int64(1)
	img := &glance.Image{
		Name: &name, Size: &size, Tags: []string{"t"},
		Properties: []glance.Property{{Name: "p", Value: "v"}},
		Locations:  []glance.Location{{URL: "u", Metadata: map[string]any{"store": "fast"}}},
	}
	c := img.Clone()
	*c.Name, *c.Size, c.Tags[0] = "two", 2, "x"
	c.SetProperty(glance.Property{Name: "p", Value: "w"})
	c.Locations[0].Metadata["store"] = "cheap"
	if *img.Name != "one" || *img.Size != 1 || img.Tags[0] != "t" || img.Properties[0].Value != "v" ||
		img.Locations[0].Store() != "fast" {
		t.Errorf("the original changed with its clone: %+v", img)
	}
}

func TestProperties(t *testing.T) {
	var img glance.Image
	img.SetProperty(glance.Property{Name: "a", Value: "1"})
	img.SetProperty(glance.Property{Name: "b", Value: "2"})
	img.SetProperty(glance.Property{Name: "a", Value: "3"})
	if p, ok := img.Property("a"); !ok || p.Value != "3" || len(img.Properties) != 2 {
		t.Errorf("after replacing: %+v", img.Properties)
	}
	if !img.RemoveProperty("a") || img.RemoveProperty("a") {
		t.Error("removing works once")
	}
}

func TestErrorKinds(t *testing.T) {
	err := fmt.Errorf("upload: %w", glance.Errorf(glance.Conflict, "busy: %w", io.ErrUnexpectedEOF))
	if !errors.Is(err, glance.Conflict) || errors.Is(err, glance.NotFound) {
		t.Error("the kind is lost by wrapping")
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if glance.KindOf(err) != glance.Conflict || glance.KindOf(io.EOF) != glance.Internal || glance.KindOf(glance.Gone) != glance.Gone {
		t.Error("KindOf errs")
	}
}

func TestBeyondBMP(t *testing.T) {
	if glance.BeyondBMP("plain ünï €") || !glance.BeyondBMP("smile 😀") {
		t.Error("wrong judgement")
	}
}

func TestBeyondBMPText(t *testing.T) {
	for key, want := range map[string]string{"name": "Name", "display_name": "Display_Name", "minLength": "Minlength", "a1b": "A1B"} {
		if got := glance.BeyondBMPText(key); got != want+" can't contain 4 byte unicode characters." {
			t.Errorf("%s: %q", key, got)
		}
	}
}
