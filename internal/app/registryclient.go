package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"glance/internal/api"
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
		return buildRegistryClient(g, &cfg.Registry)
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
func buildRegistryClient(g *Generation, opt *config.RegistryClient) (metadata.Store, error) {
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
	case strings.EqualFold(opt.AuthStrategy, "keystone"):
		return nil, config.Fail(config.CodeValue, errors.New("use_user_token = false with auth_strategy = keystone is not supported: "+
			"let the registry run with flavor trusted-auth and set send_identity_headers"))
	}
	db := all.OpenRegistry(client)
	g.onClose(db.Close)
	return db, nil
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
