package app

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"glance/internal/config"
)

// The texts are those that argparse makes in the original.
const cacheUsage = `usage: glance-cache-manage [-h] [-v] [-d] [-H ADDRESS] [-p PORT] [-k] [-f]
                           [--os-auth-token OS_AUTH_TOKEN]
                           [--os-username OS_USERNAME]
                           [--os-password OS_PASSWORD]
                           [--os-region-name OS_REGION_NAME]
                           [--os-project-id OS_PROJECT_ID]
                           [--os-project-name OS_PROJECT_NAME]
                           [--os-user-domain-id OS_USER_DOMAIN_ID]
                           [--os-project-domain-id OS_PROJECT_DOMAIN_ID]
                           [--os-domain-id OS_DOMAIN_ID]
                           [--os-auth-url OS_AUTH_URL] [-S STRATEGY]
                           [--version]
                           command [command ...]
`

const cacheCommandList = `Commands:

    help <command>              Output help for one of the commands below

    list-cached                 List all images currently cached

    list-queued                 List all images currently queued for caching

    queue-image                 Queue an image for caching

    delete-cached-image         Purges an image from the cache

    delete-all-cached-images    Removes all images from the cache

    delete-queued-image         Deletes an image from the cache queue

    delete-all-queued-images    Deletes all images from the cache queue

`

const cacheHelp = cacheUsage + "\n" + cacheCommandList + `positional arguments:
  command               The command to execute

options:
  -h, --help            show this help message and exit
  -v, --verbose         Print more verbose output.
  -d, --debug           Print debugging output.
  -H ADDRESS, --host ADDRESS
                        Address of Glance API host.
  -p PORT, --port PORT  Port the Glance API host listens on.
  -k, --insecure        Explicitly allow glance to perform "insecure" SSL
                        (https) requests. The server's certificate will not be
                        verified against any certificate authorities. This
                        option should be used with caution.
  -f, --force           Prevent select actions from requesting user
                        confirmation.
  --os-auth-token OS_AUTH_TOKEN
                        Defaults to env[OS_AUTH_TOKEN].
  --os-username OS_USERNAME
                        Defaults to env[OS_USERNAME].
  --os-password OS_PASSWORD
                        Defaults to env[OS_PASSWORD].
  --os-region-name OS_REGION_NAME
                        Defaults to env[OS_REGION_NAME].
  --os-project-id OS_PROJECT_ID
                        Defaults to env[OS_PROJECT_ID].
  --os-project-name OS_PROJECT_NAME
                        Defaults to env[OS_PROJECT_NAME].
  --os-user-domain-id OS_USER_DOMAIN_ID
                        Defaults to env[OS_USER_DOMAIN_ID].
  --os-project-domain-id OS_PROJECT_DOMAIN_ID
                        Defaults to env[OS_PROJECT_DOMAIN_ID].
  --os-domain-id OS_DOMAIN_ID
                        Defaults to env[OS_DOMAIN_ID].
  --os-auth-url OS_AUTH_URL
                        Defaults to env[OS_AUTH_URL].
  -S STRATEGY, --os_auth_strategy STRATEGY
                        Authentication strategy (keystone or noauth).
  --version             show program's version number and exit
`

// cacheFlags: dashes and underscores mean the same, so hidden spellings of the
// original need no lines.
func cacheFlags() []config.Flag {
	on := func(short, name string) config.Flag {
		return config.Flag{Names: []string{name}, Short: short, Bool: true}
	}
	text := func(short string, names ...string) config.Flag {
		return config.Flag{Names: names, Short: short, Secret: true}
	}
	return []config.Flag{
		on("h", "help"),
		on("", "version"),
		on("v", "verbose"),
		on("d", "debug"),
		on("k", "insecure"),
		on("f", "force"),
		text("H", "host"),
		text("p", "port"),
		text("S", "os-auth-strategy"),
		text("N", "os-auth-url"),
		text("A", "os-auth-token", "auth-token"),
		text("I", "os-username"),
		text("K", "os-password"),
		text("R", "os-region-name"),
		text("", "os-project-id"),
		text("T", "os-project-name"),
		text("", "os-user-domain-id"),
		text("", "os-project-domain-id"),
		text("", "os-domain-id"),
	}
}

// cacheWords is a command line of glance-cache-manage with what the environment
// adds.
type cacheWords struct {
	command []string
	host    string
	port    int

	verbose, debug, insecure, force bool

	// value gives an option, or the first of environment variables that is set.
	value func(option string, env ...string) string
}

func readCacheWords(in config.Input) (*cacheWords, error) {
	wrong := func(text string) error {
		return &config.Exit{Code: config.CodeUsage, Stderr: cacheUsage + in.Prog + ": error: " + text + "\n"}
	}
	args, err := config.ParseFlags(in.Prog, cacheFlags(), in.Args, false)
	if exit := (*config.Exit)(nil); errors.As(err, &exit) {
		_, text, _ := strings.Cut(strings.TrimSpace(exit.Stderr), in.Prog+": error: ")
		return nil, wrong(text)
	} else if err != nil {
		return nil, err
	}
	given := func(name string) bool { _, ok := args.Value(name); return ok }
	w := &cacheWords{
		command: args.Rest, host: "0.0.0.0", port: 9292,
		verbose: given("verbose"), debug: given("debug"), insecure: given("insecure"), force: given("force"),
		value: func(option string, env ...string) string {
			if value, ok := args.Value(option); ok {
				return value
			}
			for _, name := range env {
				for _, pair := range in.Environ {
					if value, ok := strings.CutPrefix(pair, name+"="); ok && value != "" {
						return value
					}
				}
			}
			return ""
		},
	}
	w.host = cmp.Or(w.value("host"), w.host)
	if text, ok := args.Value("port"); ok {
		if w.port, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
			return nil, wrong(fmt.Sprintf("argument -p/--port: invalid int value: '%s'", text))
		}
	}
	switch {
	case given("help"):
		return nil, &config.Exit{Stdout: cacheHelp}
	case given("version"):
		return nil, &config.Exit{Stdout: in.Version + "\n"}
	case len(args.Rest) == 0:
		return nil, wrong("the following arguments are required: command")
	}
	return w, nil
}
