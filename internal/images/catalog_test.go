package images_test

import (
	"slices"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
)

// TestShow is spec images-v2 §7: what the caller hears.
func TestShow(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	for id, want := range map[string]fault{
		unknown:        {glance.NotFound, "No image found with ID " + unknown, ""},
		"":             {glance.NotFound, "No image found with ID ", ""},
		"no uuid":      {glance.NotFound, "No image found with ID no uuid", ""},
		img1 + "+more": {glance.NotFound, "No image found with ID " + img1 + "+more", ""},
	} {
		_, err := r.catalog().Show(t.Context(), boss, id)
		wantFault(t, err, want)
		_, err = r.catalog().TasksOf(t.Context(), boss, id)
		wantFault(t, err, fault{kind: glance.NotFound})
	}
	_, err := r.catalog().Show(t.Context(), carol, img1)
	wantFault(t, err, fault{glance.NotFound, "No image found with ID " + img1, ""})
	_, err = r.catalog().Show(t.Context(), nora, img1)
	wantFault(t, err, fault{kind: glance.NotFound})
}

// TestPresent is spec images-v2 §5: what an image shows to whom.
func TestPresent(t *testing.T) {
	tests := []struct {
		name       string
		who        *glance.Caller
		status     glance.Status
		properties []string
		stores     []string
	}{
		{"owner", alice, glance.StatusActive, []string{"a", "os_glance_failed_import"}, []string{"fast", "cheap"}},
		{"owner, deactivated", alice, glance.StatusDeactivated, []string{"a", "os_glance_failed_import"}, nil},
		{"admin, deactivated", boss, glance.StatusDeactivated, []string{"a", "secret", "os_glance_failed_import"}, []string{"fast", "cheap"}},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.protect = protection(t, r.policy, "[^secret$]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n\n[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n")
		r.add(t, queued(func(img *glance.Image) {
			img.Status = tt.status
			for _, name := range []string{"a", "secret", glance.StageHostProperty, glance.HashHostProperty, "os_glance_failed_import"} {
				img.Properties = append(img.Properties, glance.Property{Name: name})
			}
			img.Locations = []glance.Location{r.put(t, "cheap", img1, "x"), r.put(t, "fast", img1, "x")}
		}))
		shown, err := r.catalog().Show(t.Context(), tt.who, img1)
		if err != nil {
			t.Fatal(err)
		}
		page, err := r.catalog().List(t.Context(), tt.who, images.Listing{Limit: 1, FromStart: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range []*glance.Image{shown, page.Images[0]} {
			var properties, stores []string
			for _, p := range img.Properties {
				properties = append(properties, p.Name)
			}
			for _, l := range img.Locations {
				stores = append(stores, l.Store())
			}
			if !slices.Equal(properties, tt.properties) || !slices.Equal(stores, tt.stores) {
				t.Errorf("%s: properties %v, stores %v", tt.name, properties, stores)
			}
		}
	}
}

func TestTasksOf(t *testing.T) {
	r := newRig(t)
	r.add(t, queued(func(img *glance.Image) { img.Visibility = "public" }))
	for _, task := range []*glance.Task{
		{ID: id(1), Owner: "p-alpha"},
		{ID: id(2), Owner: "p-gamma"},
		{ID: id(3), Owner: "p-alpha", ExpiresAt: time.Now().Add(-time.Hour)},
		{ID: id(4), Owner: "p-alpha", ExpiresAt: time.Now().Add(time.Hour)},
	} {
		task.ImageID, task.Type, task.Status = img1, "import", glance.TaskPending
		if err := r.db.CreateTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	for who, want := range map[*glance.Caller]string{alice: "14", carol: "2", boss: "124"} {
		tasks, err := r.catalog().TasksOf(t.Context(), who, img1)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, task := range tasks {
			ids = append(ids, task.ID[35:])
		}
		slices.Sort(ids)
		got := ""
		for _, n := range ids {
			got += n
		}
		if got != want {
			t.Errorf("%s sees %s, want %s", who.UserID, got, want)
		}
	}
}

func TestMaySeeStores(t *testing.T) {
	c := newRig(t).catalog()
	wantFault(t, c.MaySeeStores(t.Context(), alice), fault{glance.Forbidden, "You are not authorized to complete stores_info_detail action.", ""})
	if err := c.MaySeeStores(t.Context(), boss); err != nil {
		t.Error(err)
	}
}
