package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/config"
)

func TestOlderIdentity(t *testing.T) {
	domains := func(more map[string]string) map[string]string {
		more["user_domain_id"], more["project_domain_id"] = "default", "default"
		return more
	}
	tests := map[string]struct{ given, want map[string]string }{
		"nothing":      {map[string]string{"admin_user": "glance"}, nil},
		"of today":     {map[string]string{"auth_url": "http://id", "identity_uri": "http://old"}, nil},
		"identity_uri": {map[string]string{"identity_uri": "http://id:35357", "admin_user": "glance"}, domains(map[string]string{"auth_url": "http://id:35357", "username": "glance"})},
		"parts": {
			map[string]string{"auth_host": "::1", "auth_port": "1", "auth_protocol": "http", "admin_password": "p", "admin_tenant_name": "service"},
			domains(map[string]string{"auth_url": "http://[::1]:1", "password": "p", "project_name": "service"}),
		},
		"defaults": {map[string]string{"auth_host": "id"}, domains(map[string]string{"auth_url": "https://id:35357"})},
	}
	for name, tt := range tests {
		got := config.OlderIdentity(func(name string) (string, bool) { v, ok := tt.given[name]; return v, ok })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOlderPlaces: stores in [DEFAULT], and the database in the registry's file.
func TestOlderPlaces(t *testing.T) {
	p := newPlace(t)
	p.write("work/glance-api.conf", "[DEFAULT]\ndefault_store = http\n[keystone_authtoken]\nidentity_uri = http://id\nadmin_user = a$b\n")
	p.write("work/glance-registry.conf", "[DEFAULT]\nsql_connection = sqlite:///a\n")
	c := p.api()
	if c.Stores.DefaultStore != "http" || c.Database.Connection != "sqlite:///a" || c.Keystone.AuthURL != "http://id" || c.Keystone.Username != "a$b" {
		t.Errorf("store %q, database %q, identity service %q, user %q", c.Stores.DefaultStore, c.Database.Connection, c.Keystone.AuthURL, c.Keystone.Username)
	}
}
