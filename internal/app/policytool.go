package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"glance/internal/config"
	"glance/internal/policy"
	"glance/internal/rules"
)

const policyUsage = `usage: glance-policy [--config-file PATH] COMMAND

  check [FILE]                              what cannot be meant, with file and line
  explain --as FILE [--target FILE] RULE    why a caller passes a rule or does not
  dump                                      the rules that hold

FILE of --as describes the caller: user_id, project_id, roles, domain_id,
system_scope, service_roles, …, or is a token as Keystone describes it. FILE of
--target has attributes of what the rule is asked about; without it that is a
private thing of the caller's project. Both are YAML or JSON.

Exit codes: 0 no mistake, allowed; 1 mistakes, refused; 2 wrong usage; others as of glance-api.
`

// GlancePolicy runs one command of glance-policy; the result is its exit code.
func GlancePolicy(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	fine, err := policyTool(ctx, in, stdout)
	if err == nil && !fine {
		return config.CodeFailure
	}
	return config.Report(err, stdout, stderr)
}

func policyTool(ctx context.Context, in config.Input, out io.Writer) (fine bool, err error) {
	cfg, args, err := config.LoadTool(in, nil, "COMMAND", true)
	if err != nil {
		return false, err
	}
	if len(args.Rest) == 0 {
		return false, usageText(policyUsage)
	}
	switch command, words := args.Rest[0], args.Rest[1:]; command {
	case "check":
		return checkPolicy(&cfg.Loaded, &cfg.Policy, words, out)
	case "explain":
		return explainPolicy(ctx, &cfg.Loaded, &cfg.Policy, words, out)
	case "dump":
		return dumpPolicy(&cfg.Loaded, &cfg.Policy, words, out)
	default:
		return false, wrongChoice(in.Prog, "command", command, []string{"check", "explain", "dump"})
	}
}

func checkPolicy(loaded *config.Loaded, opt *config.Policy, words []string, out io.Writer) (bool, error) {
	conf := policy.Config{
		File: opt.File, Dirs: opt.Dirs, Find: loaded.Source.FindFile, DefaultRule: opt.DefaultRule,
		EnforceNewDefaults: opt.EnforceNewDefaults,
	}
	switch len(words) {
	case 0:
	case 1:
		conf.File, conf.Dirs, conf.Find = words[0], nil, nil
	default:
		return false, usageText(policyUsage)
	}
	files, found, err := policy.Mistakes(conf)
	if err != nil {
		return false, asValueFailure(err)
	}
	switch {
	case len(files) == 0 && len(words) > 0:
		return false, asValueFailure(fmt.Errorf("%s is not there", words[0]))
	case len(files) == 0:
		return true, say(out, "There is no policy file; the defaults hold.\n")
	case len(found) == 0:
		return true, say(out, "No mistake in %s.\n", strings.Join(files, ", "))
	}
	var text strings.Builder
	for _, m := range found {
		fmt.Fprintln(&text, m)
	}
	return false, say(out, "%s", text.String())
}

// say prints; the error is that of a terminal that is gone.
func say(out io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(out, format, args...)
	return err
}

// openEnforcer is the one that glance-api would have.
func openEnforcer(loaded *config.Loaded, opt *config.Policy) (*policy.Enforcer, error) {
	enforcer, _, err := buildPolicy(loaded, opt, nil, slog.New(slog.DiscardHandler))
	return enforcer, err
}

// dumpPolicy prints the rules that hold as a policy file of their own.
func dumpPolicy(loaded *config.Loaded, opt *config.Policy, words []string, out io.Writer) (bool, error) {
	if len(words) > 0 {
		return false, usageText(policyUsage)
	}
	enforcer, err := openEnforcer(loaded, opt)
	if err != nil {
		return false, err
	}
	set := enforcer.Rules()
	var text strings.Builder
	for _, name := range set.Names() {
		fmt.Fprintf(&text, "%s: %s\n", strconv.Quote(name), strconv.Quote(set.Check(name).String()))
	}
	return true, say(out, "%s", text.String())
}

func explainPolicy(ctx context.Context, loaded *config.Loaded, opt *config.Policy, words []string, out io.Writer) (bool, error) {
	flags := []config.Flag{{Names: []string{"as"}, Metavar: "FILE"}, {Names: []string{"target"}, Metavar: "FILE"}}
	args, err := config.ParseFlags("glance-policy explain", flags, words, false)
	if err != nil {
		return false, err
	}
	as, given := args.Value("as")
	if !given || len(args.Rest) != 1 {
		return false, usageText(policyUsage)
	}
	who, err := readCaller(as)
	if err != nil {
		return false, asValueFailure(err)
	}
	enforcer, err := openEnforcer(loaded, opt)
	if err != nil {
		return false, err
	}
	name := args.Rest[0]
	if !enforcer.Rules().Has(name) {
		return false, asValueFailure(fmt.Errorf("there is no rule %q; the command dump lists all", name))
	}
	file, _ := args.Value("target")
	target, err := readTarget(file, who, policy.Rule(name))
	if err != nil {
		return false, asValueFailure(err)
	}
	why := enforcer.Explain(ctx, who, policy.Rule(name), target)
	return why.Allowed, say(out, "%s", describeAnswer(name, why, target))
}

// describeAnswer is the answer in one line, what else decides, and the parts of
// the rule below each other.
func describeAnswer(name string, why policy.Explanation, target attributes) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", name, map[bool]string{true: "allowed", false: "refused"}[why.Allowed])
	if why.WrongScope {
		text.WriteString("  The token is for a system or a domain; the rule wants one for a project.\n")
	}
	if why.OwnersOnly {
		text.WriteString("  Because enforce_new_defaults is false, the caller must also own the image or be an administrator.\n")
	}
	fmt.Fprintf(&text, "  About: %s\n", target)
	var draw func(e rules.Explanation, depth int)
	draw = func(e rules.Explanation, depth int) {
		fmt.Fprintf(&text, "%s%s%s", map[bool]string{true: "yes ", false: "no  "}[e.Held], strings.Repeat("  ", depth), e.Text)
		if e.Note != "" {
			fmt.Fprintf(&text, "   (%s)", e.Note)
		}
		text.WriteString("\n")
		for _, part := range e.Parts {
			draw(part, depth+1)
		}
	}
	draw(why.Rule, 0)
	return text.String()
}
