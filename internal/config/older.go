package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"glance/internal/ini"
)

// olderStores lets options of stores stand in [DEFAULT], where they were until
// 2014.1: images must be found where they have always been.
func (l *Loaded) olderStores() {
	l.Source.SetPath(storeSection, storeSection, ini.DefaultSection)
}

// OlderIdentity gives the options of today for those that said until 2015 who
// this service is at the identity service: auth_host and its like, identity_uri,
// admin_user. get reads an option; nothing is given for a section that names an
// auth_url itself. Users and projects were those of the default domain.
func OlderIdentity(get func(name string) (value string, ok bool)) map[string]string {
	for _, name := range []string{"auth_url", "auth-url", "auth_section"} {
		if _, ok := get(name); ok {
			return nil
		}
	}
	url, _ := get("identity_uri")
	if host, ok := get("auth_host"); ok && url == "" {
		url = olderURL(host, get)
	}
	if url == "" {
		return nil
	}
	given := map[string]string{"auth_url": url}
	for name, old := range map[string]string{"username": "admin_user", "password": "admin_password", "project_name": "admin_tenant_name"} {
		if value, ok := get(old); ok {
			given[name] = value
		}
	}
	given["user_domain_id"], given["project_domain_id"] = "default", "default"
	return given
}

// olderURL: source keystonemiddleware, whose defaults were https and 35357.
func olderURL(host string, get func(string) (string, bool)) string {
	protocol, port := "https", "35357"
	if v, ok := get("auth_protocol"); ok {
		protocol = v
	}
	if v, ok := get("auth_port"); ok {
		port = v
	}
	return protocol + "://" + net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// olderIdentity adds to the configuration what OlderIdentity gives for
// [keystone_authtoken].
func (l *Loaded) olderIdentity() error {
	const section = "keystone_authtoken"
	given := OlderIdentity(func(name string) (string, bool) {
		v, ok := l.Source.Value(section, name)
		return v.Text, ok
	})
	if given == nil || len(l.Files) == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString("[" + section + "]\n")
	for name, value := range given {
		if !l.Source.IsSet(section, name) {
			fmt.Fprintf(&text, "%s = %s\n", name, strings.ReplaceAll(value, "$", "$$"))
		}
	}
	f, err := ini.Parse(l.Files[len(l.Files)-1], []byte(text.String()))
	if err != nil {
		return err
	}
	l.Source.AddFile(f)
	return nil
}

// registryDatabase: until 2012.1 only the registry knew the database. Our API
// goes to it itself, and finds it in the registry's file beside its own.
func (c *API) registryDatabase() error {
	for _, path := range c.Files {
		src := ini.NewSource(nil)
		err := src.ReadFile(filepath.Join(filepath.Dir(path), "glance-registry.conf"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Fail(CodeFailure, fmt.Errorf("looking for the database: %w", err))
		}
		var db Database
		if err := src.Fill(&db, databaseSection, "app:glance-registry"); err != nil {
			return Fail(CodeOption, err)
		}
		c.Database.Connection = db.Connection
	}
	return nil
}
