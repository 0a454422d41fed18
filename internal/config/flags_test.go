package config_test

import (
	"errors"
	"strings"
	"testing"

	"glance/internal/config"
)

func testFlags() []config.Flag {
	return []config.Flag{
		{Names: []string{"debug"}, Short: "d", Bool: true, Twin: true, Help: "Log more."},
		{Names: []string{"verbose"}, Short: "v", Bool: true},
		{Names: []string{"log-file", "logfile"}, Metavar: "PATH"},
		{Names: []string{"log-dir"}},
		{Names: []string{"port"}, Short: "p"},
		{Names: []string{"token"}, Short: "t", Secret: true},
	}
}

func TestParseFlags(t *testing.T) {
	for line, want := range map[string]string{
		"":                       "",
		"--debug":                "debug=true",
		"--nodebug":              "debug=false",
		"--deb --nod":            "debug=true debug=false",
		"-dv":                    "debug=true verbose=true",
		"-dp1":                   "debug=true port=1",
		"-p 1":                   "port=1",
		"-p=1":                   "port=1",
		"--port -1":              "port=-1",
		"--log_file x":           "log-file=x",
		"--logfile=x=y":          "log-file=x=y",
		"--log-f=":               "log-file=",
		"--logf x --port 1":      "log-file=x port=1",
		"a --debug b":            "debug=true | a b",
		"a -- --debug":           "| a --debug",
		"--port - -":             "port=- | -",
		"--token s3cr3t -t s -d": "token=s3cr3t token=s debug=true",
	} {
		t.Run(line, func(t *testing.T) {
			args, err := config.ParseFlags("p", testFlags(), strings.Fields(line), false)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range args.Given {
				got = append(got, g.Flag.Names[0]+"="+g.Value)
			}
			if len(args.Rest) > 0 {
				got = append(append(got, "|"), args.Rest...)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), want)
			}
		})
	}
}

func TestParseFlagsErrors(t *testing.T) {
	for line, want := range map[string]string{
		"--nothing":     "unrecognized arguments: --nothing",
		"--nothing=1":   "unrecognized arguments: --nothing=1",
		"--password=1":  "unrecognized arguments: --password=****",
		"-x":            "unrecognized arguments: -x",
		"--log x":       "ambiguous option: --log could match --log-file, --log-dir",
		"--port":        "argument -p/--port: expected one argument",
		"--log-file -d": "argument --log-file/--logfile: expected one argument",
		"-p":            "argument -p/--port: expected one argument",
		"--debug=true":  "argument -d/--debug: ignored explicit argument 'true'",
	} {
		t.Run(line, func(t *testing.T) {
			_, err := config.ParseFlags("prog", testFlags(), strings.Fields(line), false)
			var exit *config.Exit
			if !errors.As(err, &exit) || exit.Code != 2 || exit.Stdout != "" {
				t.Fatalf("got %v, want an Exit with code 2", err)
			}
			usage, msg, _ := strings.Cut(exit.Stderr, "prog: error: ")
			if msg != want+"\n" || !strings.HasPrefix(usage, "usage: prog [-d] [--nodebug] [-v] [--log-file PATH]") {
				t.Errorf("got %s", exit.Stderr)
			}
		})
	}
}

func TestParseFlagsSubcommand(t *testing.T) {
	args, err := config.ParseFlags("p", testFlags(), []string{"-d", "db", "--max", "3"}, true)
	if err != nil || len(args.Given) != 1 || strings.Join(args.Rest, " ") != "db --max 3" {
		t.Errorf("got %+v, %v", args, err)
	}
}

func TestArgsShown(t *testing.T) {
	for line, want := range map[string]string{
		"--token s3cr3t":                    "--token ****",
		"--token=s3cr3t":                    "--token=****",
		"--tok s3cr3t":                      "--tok ****",
		"-t s3cr3t":                         "-t ****",
		"-dts3cr3t":                         "-dt****",
		"--log-file mysql://u:pw@h/d":       "--log-file mysql://u:****@h/d",
		"--port=1 mysql://u:p@ss@h/d x:y@z": "--port=1 mysql://u:****@h/d x:y@z",
	} {
		args, err := config.ParseFlags("p", testFlags(), strings.Fields(line), false)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(args.Shown, " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMaskURL(t *testing.T) {
	for text, want := range map[string]string{
		"sqlite:///x.db":                         "sqlite:///x.db",
		"mysql+pymysql://glance:pw@h:3306/g?a=b": "mysql+pymysql://glance:****@h:3306/g?a=b",
		"mysql://glance:p/w:x@h/g":               "mysql://glance:****@h/g",
		"rabbit://u:p@h1,u2:p2@h2/v":             "rabbit://u:****@h2/v",
		"postgresql:///g?user=u&password=pw&x=1": "postgresql:///g?user=u&password=****&x=1",
		"swift+https://t%3Au:key@a/c":            "swift+https://t%3Au:****@a/c",
		"no url: a@b":                            "no url: a@b",
	} {
		if got := config.MaskURL(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	p := newPlace(t)
	if exit := p.apiExit("--version"); exit.Code != 0 || exit.Stdout != "1.2.3\n" || exit.Stderr != "" {
		t.Errorf("version: %+v", exit)
	}
	exit := p.apiExit("-h", "--config-file", "missing")
	if exit.Code != 0 || exit.Stderr != "" {
		t.Errorf("help: %+v", exit)
	}
	for _, want := range []string{
		"usage: glance-api [-h] [--version] [--config-file PATH]", "[CONFPATH]\n",
		"\n  -d, --debug\n", "\n  --nodebug\n", "\n  -p PORT, --port PORT\n", "\n  --filesystem-store-datadir DIR\n",
		"\n  --log-config-append LOG_CONFIG_APPEND, --log-config LOG_CONFIG_APPEND\n",
	} {
		if !strings.Contains(exit.Stdout, want) {
			t.Errorf("help lacks %q:\n%s", want, exit.Stdout)
		}
	}
	for _, line := range strings.Split(exit.Stdout, "\n") {
		if len(line) > 90 {
			t.Errorf("help line is too long: %s", line)
		}
	}
	if exit := p.apiExit("a", "b"); exit.Code != 2 || !strings.HasSuffix(exit.Stderr, "error: unrecognized arguments: b\n") {
		t.Errorf("two words: %+v", exit)
	}
}

func FuzzParseFlags(f *testing.F) {
	for _, seed := range []string{"--debug", "-dp 1", "--token=x", "-t\nx", "--\n-x", "--no", "-", "--=", "mysql://a:b@c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, "\n")
		args, err := config.ParseFlags("p", testFlags(), words, false)
		if err != nil {
			var exit *config.Exit
			if !errors.As(err, &exit) || exit.Code != 2 {
				t.Errorf("got %v", err)
			}
			return
		}
		if len(args.Shown) != len(words) {
			t.Errorf("%d words are shown as %d", len(words), len(args.Shown))
		}
		if token, ok := args.Value("token"); ok && len(token) > 8 && strings.Contains(strings.Join(args.Shown, " "), token) {
			t.Errorf("the token shows: %q", args.Shown)
		}
	})
}
