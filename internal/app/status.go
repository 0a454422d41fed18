package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"glance/internal/config"
	"glance/internal/texttable"
)

// verdict is what a check found, and with the worst of all the exit code.
type verdict int

const (
	checkPassed verdict = 0
	checkFailed verdict = 2
	checkBroken         = 255 // the checks could not be made
)

// upgradeCheck is one of glance-status (spec tools §5).
type upgradeCheck struct {
	name    string
	failure string // what is told when it does not pass
	passes  func(cfg *config.Status) (bool, error)
}

func upgradeChecks() []upgradeCheck {
	return []upgradeCheck{
		{
			name:    "Sheepdog Driver Removal",
			failure: `The "sheepdog" backend store driver has been removed, but current settings have it configured.`,
			passes: func(cfg *config.Status) (bool, error) {
				const driver = "sheepdog"
				for _, store := range cfg.Default.EnabledBackends {
					if store.Key == driver || store.Value == driver {
						return false, nil
					}
				}
				return !slices.Contains(cfg.Stores.Stores, driver), nil
			},
		},
		{
			name: "Policy File JSON to YAML Migration",
			failure: "Your policy file is JSON-formatted which is deprecated. You need to switch to YAML-formatted file. " +
				"Use the ``oslopolicy-convert-json-to-yaml`` tool to convert the existing JSON-formatted files to YAML in a " +
				"backwards-compatible manner: https://docs.openstack.org/oslo.policy/latest/cli/oslopolicy-convert-json-to-yaml.html.",
			passes: func(cfg *config.Status) (bool, error) {
				path, found := cfg.Source.FindFile(cfg.Policy.File)
				if !found || cfg.Policy.File == "" {
					return true, nil
				}
				text, err := os.ReadFile(path)
				return !json.Valid(text), err
			},
		},
		{
			name: "Config option owner_is_tenant removal",
			failure: `The "owner_is_tenant" option has been removed and there is no upgrade path for installations ` +
				"that had this option set to False.",
			passes: func(cfg *config.Status) (bool, error) { return cfg.Default.OwnerIsTenant, nil },
		},
	}
}

// GlanceStatus runs glance-status; the result is its exit code.
func GlanceStatus(in config.Input, stdout, stderr io.Writer) int {
	cfg, args, err := config.LoadStatus(in)
	if err != nil {
		return config.Report(statusFailure(err), stdout, stderr)
	}
	asJSON, err := readUpgradeCheck(in.Prog, args.Rest)
	if err != nil {
		return config.Report(err, stdout, stderr)
	}
	results, worst, err := runUpgradeChecks(cfg)
	if err != nil {
		return config.Report(statusFailure(err), stdout, stderr)
	}
	text := upgradeTable(results)
	if asJSON {
		text = upgradeJSON(results)
	}
	return config.Report(&config.Exit{Code: int(worst), Stdout: text + "\n"}, stdout, stderr)
}

// statusFailure gives errors the texts and codes of the original.
func statusFailure(err error) error {
	var exit *config.Exit
	var path *fs.PathError
	switch {
	case !errors.As(err, &exit):
		return &config.Exit{Code: checkBroken, Stdout: "Error:\n" + err.Error() + "\n", Cause: err}
	case exit.Code == config.CodeOption:
		return &config.Exit{Code: checkBroken, Stdout: "Error:\n" + exit.Cause.Error() + "\n", Cause: err}
	case errors.As(err, &path) && strings.HasPrefix(exit.Stderr, "Failed to read config file directory"):
		return config.Fail(config.CodeFailure, errors.New("cannot read the glance configuration directory.\n"+
			"Please re-run using the --config-dir <dirname> option with a valid glance configuration directory."))
	}
	return err
}

const upgradeHelp = `usage: glance-status upgrade [-h] [--json] check

positional arguments:
  check

options:
  -h, --help  show this help message and exit
  --json      Output the results in JSON format. Default is to print results
              in human readable table format.
`

// readUpgradeCheck reads the command. Compat: the word behind upgrade may be any.
func readUpgradeCheck(prog string, words []string) (asJSON bool, err error) {
	wrong := func(prog, text string) error {
		usage, _, _ := strings.Cut(upgradeHelp, "\n")
		return &config.Exit{Code: config.CodeUsage, Stderr: usage + "\n" + prog + ": error: " + text + "\n"}
	}
	switch {
	case len(words) == 0:
		return false, usageError(prog, "the following arguments are required: command")
	case words[0] != "upgrade":
		return false, wrongChoice(prog, "command", words[0], []string{"upgrade"})
	}
	args, err := config.ParseFlags(prog+" upgrade", []config.Flag{
		{Names: []string{"help"}, Short: "h", Bool: true}, {Names: []string{"json"}, Bool: true},
	}, words[1:], false)
	if err != nil {
		return false, err
	}
	if _, help := args.Value("help"); help {
		return false, &config.Exit{Stdout: upgradeHelp}
	}
	switch {
	case len(args.Rest) == 0:
		return false, wrong(prog+" upgrade", "the following arguments are required: check")
	case len(args.Rest) > 1:
		return false, usageError(prog, "unrecognized arguments: "+strings.Join(args.Rest[1:], " "))
	}
	_, asJSON = args.Value("json")
	return asJSON, nil
}

// upgradeResult is what one check said; no details are no failure.
type upgradeResult struct {
	name    string
	verdict verdict
	details *string
}

func runUpgradeChecks(cfg *config.Status) (results []upgradeResult, worst verdict, err error) {
	for _, check := range upgradeChecks() {
		passed, err := check.passes(cfg)
		if err != nil {
			return nil, 0, err
		}
		r := upgradeResult{name: check.name, verdict: checkPassed}
		if !passed {
			r.verdict, r.details = checkFailed, &check.failure
		}
		worst = max(worst, r.verdict)
		results = append(results, r)
	}
	return results, worst, nil
}

const (
	upgradeTitle   = "Upgrade Check Results"
	upgradeDetails = 60 // characters of a line of details
)

func upgradeTable(results []upgradeResult) string {
	t := texttable.Table{Columns: []texttable.Column{{Title: upgradeTitle, Align: texttable.Left}}, Rules: true}
	for _, r := range results {
		said, details := "Success", "None"
		if r.verdict == checkFailed {
			said, details = "Failure", strings.Join(texttable.Wrap(*r.details, upgradeDetails, "  "), "\n")
		}
		t.Rows = append(t.Rows, []string{fmt.Sprintf("Check: %s\nResult: %s\nDetails: %s", r.name, said, details)})
	}
	return t.String()
}

// upgradeJSON spaces out as Python does.
func upgradeJSON(results []upgradeResult) string {
	quote := func(text string) string {
		quoted, _ := json.Marshal(text) // never fails for a string
		return string(quoted)
	}
	var checks []string
	for _, r := range results {
		details := "null"
		if r.details != nil {
			details = quote(*r.details)
		}
		checks = append(checks, fmt.Sprintf(`{"check": %s, "result": %d, "details": %s}`, quote(r.name), r.verdict, details))
	}
	return fmt.Sprintf(`{"name": %s, "checks": [%s]}`, quote(upgradeTitle), strings.Join(checks, ", "))
}
