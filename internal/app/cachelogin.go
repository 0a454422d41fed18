package app

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"glance/internal/auth/keystone"
	"glance/internal/cacheclient"
	"glance/internal/clienttls"
	"glance/internal/glance"
)

// cacheLogin makes the client of a command line. leave is called when it is no
// longer needed.
//
// A token that is given is used; otherwise an identity service that is named is
// asked for one, unless the strategy is noauth. Compat: the original's --host is
// a name or address and means http; ours may begin with https:// as well.
func cacheLogin(w *cacheWords) (c *cacheclient.Client, leave func() error, err error) {
	transport, err := clienttls.Files{Insecure: w.insecure}.Transport()
	if err != nil {
		return nil, nil, err
	}
	transport.Proxy = nil
	scheme, host := "http", strings.TrimPrefix(w.host, "http://")
	if name, ok := strings.CutPrefix(w.host, "https://"); ok {
		scheme, host = "https", name
	}
	c = &cacheclient.Client{URL: scheme + "://" + net.JoinHostPort(strings.Trim(host, "[]/"), strconv.Itoa(w.port)), HTTP: transport}
	leave = func() error { return nil }
	token := w.value("os-auth-token", "OS_AUTH_TOKEN", "OS_TOKEN")
	url := w.value("os-auth-url", "OS_AUTH_URL")
	strategy := w.value("os-auth-strategy", "OS_AUTH_STRATEGY")
	switch {
	case token != "" || strings.EqualFold(strategy, "noauth") || url == "" && strategy == "":
		c.Token = func(context.Context) (string, error) { return token, nil }
		return c, leave, nil
	case strategy != "" && !strings.EqualFold(strategy, "keystone"):
		return nil, nil, glance.Errorf(glance.Invalid, "Unknown auth strategy '%s'", strategy)
	case url == "":
		return nil, nil, errors.New("--os_auth_url option or OS_AUTH_URL environment variable required when keystone authentication strategy is enabled\n")
	}
	session, err := cacheSession(w, url)
	if err != nil {
		return nil, nil, err
	}
	c.Token = session.Token
	return c, session.Close, nil
}

// cacheSession is a login at the identity service with what the command line and
// the environment say.
func cacheSession(w *cacheWords, url string) (*keystone.Session, error) {
	if version := w.value("", "OS_IDENTITY_API_VERSION"); (version == "" || version == "3") && !strings.Contains(url, "/v3") {
		url = strings.TrimRight(url, "/") + "/v3"
	}
	domain := cmp.Or(w.value("os-domain-id", "OS_DOMAIN_ID"), "default")
	who := keystone.Credentials{
		AuthType: "password", AuthURL: url,
		Username:     w.value("os-username", "OS_USERNAME", "OS_AUTH_USER"),
		Password:     w.value("os-password", "OS_PASSWORD", "OS_AUTH_KEY"),
		ProjectID:    w.value("os-project-id", "OS_PROJECT_ID"),
		UserDomainID: cmp.Or(w.value("os-user-domain-id", "OS_USER_DOMAIN_ID"), domain),
		ProjDomainID: cmp.Or(w.value("os-project-domain-id", "OS_PROJECT_DOMAIN_ID"), domain),
	}
	if who.ProjectID == "" {
		who.ProjectName = w.value("os-project-name", "OS_PROJECT_NAME", "OS_AUTH_PROJECT")
	}
	for _, needed := range []struct{ name, value string }{
		{"username", who.Username}, {"password", who.Password}, {"project", who.ProjectID + who.ProjectName},
	} {
		if needed.value == "" {
			return nil, errors.New("Missing required credential: " + needed.name)
		}
	}
	return keystone.OpenSession(keystone.Config{Credentials: who, Insecure: w.insecure, UserAgent: "glance-cache-manage"})
}
