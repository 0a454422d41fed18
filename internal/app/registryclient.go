package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"glance/internal/api"
	"glance/internal/auth/keystone"
	"glance/internal/clienttls"
	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/all"
)

// registryAPI is the data_api that keeps everything in a registry.
const registryAPI = "glance.db.registry.api"

// buildAPIMetadata: the API keeps metadata in a database or in a registry.
func buildAPIMetadata(ctx context.Context, g *Generation, cfg *config.API) (metadata.Store, error) {
	if cfg.Registry.DataAPI == registryAPI {
		return buildRegistryClient(g, &cfg.Registry, cfg.Program)
	}
	return buildMetadata(ctx, g, &cfg.Database, cfg.Registry.DataAPI)
}

// buildRegistryMetadata: a registry has a database of its own.
func buildRegistryMetadata(ctx context.Context, g *Generation, cfg *config.Registry) (metadata.Store, error) {
	if cfg.Rules.DataAPI == registryAPI {
		return nil, config.Fail(config.CodeFailure, errors.New("Registry service can't use "+registryAPI))
	}
	return buildMetadata(ctx, g, &cfg.Database, cfg.Rules.DataAPI)
}

// buildRegistryClient makes the registry of [DEFAULT] the database.
func buildRegistryClient(g *Generation, opt *config.RegistryClient, agent string) (metadata.Store, error) {
	transport, err := registryTransport(opt)
	if err != nil {
		return nil, config.Fail(config.CodeValue, err)
	}
	client := all.RegistryOptions{
		URL:      registryURL(opt),
		HTTP:     &http.Client{Transport: transport, Timeout: time.Duration(opt.ClientTimeout) * time.Second},
		Who:      api.CallerFrom,
		Identity: opt.SendIdentity,
	}
	switch {
	case opt.UseUserToken:
		client.Token = func(_ context.Context, who glance.Caller) (string, error) { return who.Token, nil }
	case opt.AuthURL != "", strings.EqualFold(opt.AuthStrategy, "keystone"):
		own, err := registryLogin(opt, agent)
		if err != nil {
			return nil, config.Fail(config.CodeValue, err)
		}
		g.onClose(own.Close)
		client.Token = func(ctx context.Context, _ glance.Caller) (string, error) { return own.Token(ctx) }
		client.Refused = own.Refused
	}
	db := all.OpenRegistry(client)
	g.onClose(db.Close)
	return db, nil
}

// registryLogin is the service's own login. Compat: the options are from before
// domains, and registry_client_insecure counts for the identity service too.
func registryLogin(opt *config.RegistryClient, agent string) (*keystone.Session, error) {
	for _, needed := range []struct{ option, value string }{
		{"auth_url", opt.AuthURL}, {"admin_user", opt.AdminUser}, {"admin_password", opt.AdminPassword}, {"admin_tenant_name", opt.AdminTenantName},
	} {
		if needed.value == "" {
			return nil, fmt.Errorf("use_user_token = false with auth_strategy = keystone needs %s", needed.option)
		}
	}
	return keystone.OpenSession(keystone.Config{
		Credentials: keystone.Credentials{
			AuthType: "password", AuthURL: opt.AuthURL, Username: opt.AdminUser, Password: opt.AdminPassword, ProjectName: opt.AdminTenantName,
		},
		Insecure: opt.ClientInsecure, UserAgent: agent,
	})
}

// registryURL: the address that a server listens on everywhere is this machine.
func registryURL(opt *config.RegistryClient) string {
	host := opt.RegistryHost
	switch host {
	case "0.0.0.0":
		host = "127.0.0.1"
	case "::", "[::]":
		host = "::1"
	}
	host = strings.Trim(host, "[]")
	return opt.Protocol + "://" + net.JoinHostPort(host, strconv.Itoa(opt.RegistryPort))
}

func registryTransport(opt *config.RegistryClient) (*http.Transport, error) {
	if opt.ClientKeyFile != "" && opt.ClientCertFile == "" {
		return nil, errors.New("registry_client_key_file: there is no registry_client_cert_file")
	}
	conf, err := clienttls.Files{
		CA:       clienttls.File{Option: "registry_client_ca_file", Path: opt.ClientCAFile},
		Cert:     clienttls.File{Option: "registry_client_cert_file", Path: opt.ClientCertFile},
		Key:      clienttls.File{Option: "registry_client_key_file", Path: opt.ClientKeyFile},
		Insecure: opt.ClientInsecure,
	}.Config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		TLSClientConfig: conf, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
	}, nil
}
