package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/policy"
)

func full() *glance.Image {
	name, size := "a-name", int64(42)
	return &glance.Image{
		ID: "img", Name: &name, Status: glance.StatusActive, Visibility: glance.VisibilityShared, Owner: "p-alpha",
		DiskFormat: "raw", ContainerFormat: "bare", Size: &size, Checksum: "c0", HashAlgo: "sha512", HashValue: "ff",
		MinDisk: 1, MinRAM: 2, Protected: true, CreatedAt: time.Unix(1_000_000_000, 0), UpdatedAt: time.Unix(1_000_000_000, 5000),
		Properties: []glance.Property{{Name: "os_distro", Value: "plan9"}, {Name: "gone", Null: true}, {Name: "empty"}},
		Tags:       []string{"one"},
		Locations:  []glance.Location{{URL: "file:///x"}},
	}
}

// TestImageAttributes asks each attribute as a rule would.
func TestImageAttributes(t *testing.T) {
	tests := map[string]string{
		"id": "img", "image_id": "img", "project_id": "p-alpha", "owner": "p-alpha", "member_id": "p-beta", "member": "p-beta",
		"name": "a-name", "status": "active", "visibility": "shared", "container_format": "bare", "disk_format": "raw",
		"size": "42", "virtual_size": "None", "checksum": "c0", "os_hash_algo": "sha512", "os_hash_value": "ff",
		"min_disk": "1", "min_ram": "2", "protected": "True", "os_hidden": "False", "tags": "{'one'}",
		"os_distro": "plan9", "gone": "None", "empty": "",
	}
	for name, want := range tests {
		e := open(t, `{"copy_image": "'`+want+`':%(`+name+`)s"}`)
		if name == "tags" {
			e = open(t, `{"copy_image": "@"}`) // a quote inside quotes is no literal
		}
		if !e.ImageAllowed(t.Context(), bob, policy.CopyImage, full()) {
			t.Errorf("%s is not %q", name, want)
		}
	}
	for _, name := range []string{"locations", "missing", "extra_properties.os_distro"} {
		e := open(t, `{"copy_image": "not 'x':%(`+name+`)s", "deactivate": "'x':x%(`+name+`)s or 'None':%(`+name+`)s"}`)
		if !e.ImageAllowed(t.Context(), bob, policy.CopyImage, full()) || e.ImageAllowed(t.Context(), bob, policy.Deactivate, full()) {
			t.Errorf("%s is an attribute", name)
		}
	}
	bare := &glance.Image{ID: "x", Visibility: glance.VisibilityPrivate}
	for _, name := range []string{"name", "owner", "size", "disk_format", "container_format", "checksum", "os_hash_algo", "member_id", "created_at"} {
		e := open(t, `{"copy_image": "None:%(`+name+`)s"}`)
		if !e.ImageAllowed(t.Context(), bob, policy.CopyImage, bare) {
			t.Errorf("%s is not null", name)
		}
	}
}

func TestMemberAttribute(t *testing.T) {
	e := open(t, `{"copy_image": "'p-beta':%(member_id)s", "deactivate": "None:%(member)s"}`)
	for visibility, shared := range map[glance.Visibility]bool{"shared": true, "private": false, "public": false, "community": false} {
		img := image(visibility)
		if e.ImageAllowed(t.Context(), bob, policy.CopyImage, img) != shared || e.ImageAllowed(t.Context(), bob, policy.Deactivate, img) == shared {
			t.Errorf("%s image, others", visibility)
		}
		if !e.ImageAllowed(t.Context(), alice, policy.Deactivate, img) {
			t.Errorf("%s image, owner", visibility)
		}
	}
}

func TestCredentials(t *testing.T) {
	who := &glance.Caller{
		UserID: "u", UserDomainID: "ud", ProjectID: "p", ProjectDomainID: "pd", Roles: []string{"member"}, Admin: true,
		ServiceUserID: "su", ServiceUserDomainID: "sud", ServiceProjectID: "sp", ServiceProjectDomainID: "spd", ServiceRoles: []string{"Service"},
	}
	tests := map[string]bool{
		"user_id:u": true, "user_domain_id:ud": true, "project_id:p": true, "project_domain_id:pd": true, "domain_id:None": true,
		"system_scope:None": true, "system:None": false, "system:all": false, "roles:member": true, "role:MEMBER": true,
		"service_user_id:su": true, "service_user_domain_id:sud": true, "service_project_id:sp": true,
		"service_project_domain_id:spd": true, "service_roles:Service": true, "service_roles:service": false,
		"role:service": false, "is_admin_project:True": true, "is_admin:True": false, "is_admin:1": false, "tenant:p": false, "user:u": false,
	}
	for check, want := range tests {
		if got := open(t, "copy_image: "+check).Allowed(t.Context(), who, policy.CopyImage, policy.Nothing{}); got != want {
			t.Errorf("%s: %v", check, got)
		}
	}
	scoped := &glance.Caller{SystemScope: "all", DomainID: "d", NotAdminProject: true}
	for _, check := range []string{"system:all", "system_scope:all", "domain_id:d", "is_admin_project:False"} {
		e := open(t, "copy_image: "+check, func(c *policy.Config) { c.EnforceScope = false })
		if !e.Allowed(t.Context(), scoped, policy.CopyImage, policy.Nothing{}) {
			t.Error(check)
		}
	}
}

func TestRemoteChecks(t *testing.T) {
	type call struct{ url, contentType, body string }
	var calls []call
	answer, failure := "True", error(nil)
	post := func(_ context.Context, url, contentType string, body []byte) ([]byte, error) {
		calls = append(calls, call{url, contentType, string(body)})
		return []byte(answer), failure
	}
	asked := func(asJSON bool) bool {
		e := open(t, "copy_image: https://host/%(owner)s", func(c *policy.Config) { c.Post, c.PostJSON = post, asJSON })
		return e.ImageAllowed(t.Context(), bob, policy.CopyImage, full())
	}
	if !asked(false) || !asked(true) {
		t.Error("True is yes")
	}
	form, err := url.ParseQuery(calls[0].body)
	if err != nil || calls[0].url != "https://host/p-alpha" || calls[0].contentType != "application/x-www-form-urlencoded" {
		t.Errorf("form %+v, %v", calls[0], err)
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal([]byte(calls[1].body), &whole); err != nil || calls[1].contentType != "application/json" {
		t.Fatalf("json %+v, %v", calls[1], err)
	}
	for _, field := range []string{"rule", "target", "credentials"} {
		if form.Get(field) != string(whole[field]) {
			t.Errorf("%s: %s in the form, %s in JSON", field, form.Get(field), whole[field])
		}
	}
	if string(whole["rule"]) != `"copy_image"` {
		t.Errorf("rule %s", whole["rule"])
	}
	var target, who map[string]any
	if json.Unmarshal(whole["target"], &target) != nil || json.Unmarshal(whole["credentials"], &who) != nil {
		t.Fatal("no objects")
	}
	if target["os_distro"] != "plan9" || target["size"] != 42.0 || target["gone"] != nil || target["member_id"] != "p-beta" || target["locations"] != nil {
		t.Errorf("target %v", target)
	}
	if who["project_id"] != "p-beta" || who["domain_id"] != nil || who["is_admin_project"] != true {
		t.Errorf("credentials %v", who)
	}

	for _, answer = range []string{"False", "", "true", "True\n"} {
		if asked(false) {
			t.Errorf("%q is yes", answer)
		}
	}
	if answer = `"True"`; !asked(true) {
		t.Error("quotes count for nothing")
	}
	if failure = errors.New("down"); asked(true) {
		t.Error("allowed without an answer")
	}
}

// TestRecordedPolicy repeats what the original answered with this file: the
// goldens policy-*.
func TestRecordedPolicy(t *testing.T) {
	e, err := policy.Open(policy.Config{File: filepath.Join("testdata", "policy.yaml"), EnforceNewDefaults: true, EnforceScope: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	curator := &glance.Caller{ProjectID: "p-alpha", Roles: []string{"curator", "member", "reader"}}
	uploader := &glance.Caller{ProjectID: "p-alpha", Roles: []string{"uploader", "member", "reader"}}
	lister := &glance.Caller{ProjectID: "p-alpha", Roles: []string{"member", "lister"}}
	own := image(glance.VisibilityPrivate)
	restricted := image(glance.VisibilityPrivate)
	restricted.SetProperty(glance.Property{Name: "x_kind", Value: "restricted"})
	alpha := "p-alpha"
	images := policy.Project("p-alpha")
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"create", e.Create(ctx, alice, &alpha, ""), "y"},
		{"create public", e.Create(ctx, alice, &alpha, glance.VisibilityPublic), "3"},
		{"curator creates public", e.Create(ctx, curator, &alpha, glance.VisibilityPublic), "y"},
		{"admin creates community", e.Create(ctx, boss, &alpha, glance.VisibilityCommunity), "3"},
		{"reader creates", e.Create(ctx, rita, &alpha, ""), "3"},
		{"list", e.Global(ctx, alice, policy.GetImages, images), "y"},
		{"reader lists", e.Global(ctx, rita, policy.GetImages, images), "y"},
		{"member lists", e.Global(ctx, mona, policy.GetImages, images), "3"},
		{"member and lister lists", e.Global(ctx, lister, policy.GetImages, images), "y"},
		{"lister gets", e.Image(ctx, lister, policy.GetImage, own), "4"},
		{"nobody lists", e.Global(ctx, nora, policy.GetImages, images), "3"},
		{"owner uploads", e.Image(ctx, alice, policy.UploadImage, own), "3"},
		{"uploader uploads", e.Image(ctx, uploader, policy.UploadImage, own), "y"},
		{"download", e.Image(ctx, alice, policy.DownloadImage, own), "y"},
		{"download restricted", e.Image(ctx, alice, policy.DownloadImage, restricted), "3"},
		{"admin downloads restricted", e.Image(ctx, boss, policy.DownloadImage, restricted), "y"},
		{"copy", e.Image(ctx, alice, policy.CopyImage, own), "y"},
		{"members, owner", e.Member(ctx, alice, policy.GetMembers, image("shared")), "y"},
		{"members, member", e.Member(ctx, bob, policy.GetMembers, image("shared")), "3"},
		{"modify member, owner", e.Member(ctx, alice, policy.ModifyMember, image("shared")), "y"},
		{"modify member, reader", e.Member(ctx, rita, policy.ModifyMember, image("shared")), "3"},
		{"stores", e.Global(ctx, nora, policy.StoresInfoDetail, policy.Nothing{}), "y"},
		{"tasks", e.Global(ctx, nora, policy.TasksAPIAccess, policy.Nothing{}), "y"},
		{"cache, curator", e.Cache(ctx, curator, policy.CacheImage, own), "y"},
		{"cache, owner", e.Cache(ctx, alice, policy.CacheImage, own), "3"},
		{"metadefs, curator", e.Metadef(ctx, curator, policy.AddMetadefNamespace, nil), "y"},
		{"metadefs, others", e.Metadef(ctx, alice, policy.AddMetadefNamespace, nil), "3"},
	}
	for _, tt := range tests {
		if got := outcome(tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
