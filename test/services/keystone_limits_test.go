//go:build services

package services_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// limited makes nodes take quotas from a real Keystone, from where at says they are.
func (k *identity) limited(at ...string) []string {
	return append(k.settings(
		"use_keystone_limits = true", "user_storage_quota = 1",
		"[oslo_limit] auth_type = password",
		"[oslo_limit] auth_url = "+strings.TrimSuffix(k.url, "/v3"),
		"[oslo_limit] username = glance",
		"[oslo_limit] password = "+hush+"glance",
		"[oslo_limit] user_domain_name = Default",
		"[oslo_limit] system_scope = all",
	), at...)
}

// readSystem lets a user read what belongs to no project: limits, endpoints.
func (k *identity) readSystem(user string) {
	k.t.Helper()
	var found struct{ Roles []struct{ ID string } }
	k.api("GET", "/roles?name=reader", nil, &found, 200)
	k.api("PUT", "/system/users/"+k.users[user]+"/roles/"+found.Roles[0].ID, nil, nil, 204)
}

// limits are the arguments of the command that administers them.
func (k *identity) limits(args ...string) []string {
	return append([]string{
		"--os-auth-url", k.url, "--os-identity-api-version", "3", "--os-username", "admin", "--os-password", hush + "admin",
		"--os-user-domain-name", "Default", "--os-system-scope", "all", "--os-region-name", "RegionOne",
	}, args...)
}

// keystoneLimits: registered limits, those of a project, and what users hear. A
// region of its own keeps other nodes out of it.
func keystoneLimits(t *testing.T, k *identity) {
	s := newShell(t)
	s.run("openstack", k.limits("role", "add", "--user", "glance", "--user-domain", "Default", "--system", "all", "reader")...)
	k.api("POST", "/regions", object{"region": object{"id": "RegionTwo"}}, nil, 201)
	for resource, limit := range map[string]string{"image_size_total": "2", "image_stage_total": "10", "image_count_total": "5", "image_count_uploading": "10"} {
		s.run("openstack", k.limits("registered", "limit", "create", "--service", "glance", "--region", "RegionTwo", "--default-limit", limit, resource)...)
	}
	n := rig.NewNode(t, programs(), k.limited("[oslo_limit] endpoint_service_type = image", "[oslo_limit] endpoint_region_name = RegionTwo")...)
	var service struct{ Services []struct{ ID string } }
	k.api("GET", "/services?type=image", nil, &service, 200)
	k.create("/endpoints", "endpoint", object{"service_id": service.Services[0].ID, "interface": "public", "region_id": "RegionTwo", "url": n.Base})
	image := func(user, project string, args ...string) []string {
		all := k.openstack(user, project, args...)
		all[slices.Index(all, "RegionOne")] = "RegionTwo"
		return all
	}
	create := []string{"create", "-f", "json", "--disk-format", "raw", "--container-format", "bare"}
	refused := func(text string, args ...string) {
		t.Helper()
		if stdout, stderr, err := s.try("openstack", args...); err == nil || !strings.Contains(stderr, "413") || !strings.Contains(stderr, text) {
			t.Errorf("%v: %v %s%s; want 413 with %q", args, err, stdout, stderr, text)
		}
	}

	var limit struct{ ID string }
	s.json(&limit, "openstack", k.limits("limit", "create", "-f", "json", "--service", "glance", "--region", "RegionTwo",
		"--project", "demo", "--resource-limit", "1", "image_count_total")...)
	var first shownImage
	s.json(&first, "openstack", image("member", "demo", append(create, "first")...)...)
	refused("Project "+k.projects["demo"]+" is over a limit for [Resource image_count_total is over limit of 1 due to current usage 1 and delta 1]",
		image("member", "demo", append(create, "second")...)...)
	s.run("openstack", image("stranger", "alt_demo", append(create, "theirs")...)...)
	s.run("openstack", k.limits("limit", "set", "--resource-limit", "3", limit.ID)...)
	s.write("disk.raw", rig.Random(7, 2*mib))
	s.run("openstack", image("member", "demo", append(create, "--file", "disk.raw", "second")...)...)
	refused("Request Entity Too Large", // the command does not tell more of this call
		image("member", "demo", append(create, "--file", "disk.raw", "third")...)...)

	want := map[string]usage{
		"image_size_total": {2, 2}, "image_stage_total": {0, 10}, "image_count_total": {2, 3}, "image_count_uploading": {0, 10},
	}
	k.wantUsage(n, want)
	endpoint := strings.TrimSpace(s.run("openstack", k.limits("endpoint", "list", "--service", "image", "--region", "RegionTwo",
		"--interface", "public", "-f", "value", "-c", "ID")...))
	byID := rig.NewNodeAt(t, programs(), n.Shared, k.limited("[oslo_limit] endpoint_id = "+endpoint)...)
	k.wantUsage(byID, want)
	var none struct{ Usage map[string]usage }
	lost := rig.NewNode(t, programs(), k.limited("[oslo_limit] endpoint_id = gone")...)
	a, err := client(lost, k.login("member", "demo"), "").Get(t.Context(), "/v2/info/usage")
	lost.Must(err)
	if a.Status != 500 || json.Unmarshal(a.Body, &none) == nil {
		t.Errorf("an endpoint that does not exist: %d %s", a.Status, a.Body)
	}
	lost.Must(rig.Until(t.Context(), "the reason to be in the log", func() bool {
		return strings.Contains(lost.Server().Output(), "endpoint_id: the answer to /endpoints/gone is 404")
	}))
	k.checkLogs(n)
}

type usage struct{ Usage, Limit int64 }

// wantUsage asks a node what the project demo uses.
func (k *identity) wantUsage(n *rig.Node, want map[string]usage) {
	k.t.Helper()
	a, err := client(n, k.login("member", "demo"), "").Get(k.t.Context(), "/v2/info/usage")
	n.Must(err)
	var got struct{ Usage map[string]usage }
	if err := json.Unmarshal(a.Body, &got); err != nil || a.Status != 200 {
		k.t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	for resource, w := range want {
		if got.Usage[resource] != w {
			k.t.Errorf("%s: got %+v, want %+v", resource, got.Usage[resource], w)
		}
	}
}
