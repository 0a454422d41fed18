package config

import (
	"fmt"
	"slices"
	"strings"
)

// Flag is one command line option.
type Flag struct {
	Names   []string // long names, the current one first
	Short   string   // one letter, may be empty
	Bool    bool     // takes no value
	Twin    bool     // a Bool that has --noNAME beside it
	Secret  bool     // the value is masked in Args.Shown
	Metavar string
	Help    string

	// where the value goes; empty for flags that are no configuration options
	Section, Option string
}

// Given is one flag of a command line; Value of a Bool is "true" or "false".
type Given struct {
	Flag  *Flag
	Value string
}

// Args is a parsed command line.
type Args struct {
	Given []Given
	Rest  []string // what is no flag
	Shown []string // the whole line with secrets masked
}

// Value returns the last value of the flag of that long name.
func (a *Args) Value(name string) (string, bool) {
	for _, g := range slices.Backward(a.Given) {
		if g.Flag.Names[0] == name {
			return g.Value, true
		}
	}
	return "", false
}

// Values returns all values of the flag of that long name.
func (a *Args) Values(name string) []string {
	var list []string
	for _, g := range a.Given {
		if g.Flag.Names[0] == name {
			list = append(list, g.Value)
		}
	}
	return list
}

// ParseFlags reads a command line the way argparse does: --opt=value and
// --opt value, unique prefixes, dashes or underscores, -x value, -xvalue and
// clustered short flags, -- ends the flags. With subcommands everything from
// the first word that is no flag goes to Rest unread. The error is an *Exit
// with code 2 and argparse's texts.
func ParseFlags(prog string, flags []Flag, args []string, subcommands bool) (*Args, error) {
	p := flagParser{flags: flags, todo: args, args: &Args{Shown: maskArgs(flags, args)}}
	for len(p.todo) > 0 {
		arg := p.todo[0]
		switch {
		case arg == "--":
			p.args.Rest = append(p.args.Rest, p.todo[1:]...)
			p.todo = nil
		case !strings.HasPrefix(arg, "-") || arg == "-" || isNegative(arg):
			if subcommands {
				p.args.Rest = p.todo
				p.todo = nil
				continue
			}
			p.args.Rest = append(p.args.Rest, arg)
			p.todo = p.todo[1:]
		default:
			p.todo = p.todo[1:]
			take := p.short
			if strings.HasPrefix(arg, "--") {
				take = p.long
			}
			if msg := take(arg); msg != "" {
				return nil, usageError(prog, flags, msg)
			}
		}
	}
	return p.args, nil
}

type flagParser struct {
	flags []Flag
	todo  []string
	args  *Args
}

// long reads --name, --name=value or --noname; the result is what is wrong.
func (p *flagParser) long(arg string) string {
	given, value, hasValue := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
	matches := matchLong(p.flags, given)
	switch {
	case len(matches) == 0:
		return "unrecognized arguments: " + visibleArg(arg)
	case len(matches) > 1:
		return fmt.Sprintf("ambiguous option: --%s could match %s", given, listMatches(matches))
	}
	m := matches[0]
	if !m.flag.Bool {
		return p.value(m.flag, value, hasValue)
	}
	if hasValue {
		return fmt.Sprintf("argument %s: ignored explicit argument '%s'", m.flag.title(), value)
	}
	p.add(m.flag, fmt.Sprint(!m.twin))
	return ""
}

// short reads -x, -xvalue, -x=value or several flags in one word.
func (p *flagParser) short(arg string) string {
	for rest := arg[1:]; rest != ""; {
		letter := rest[:1]
		rest = rest[1:]
		i := slices.IndexFunc(p.flags, func(f Flag) bool { return f.Short == letter })
		if i < 0 {
			return "unrecognized arguments: " + visibleArg(arg)
		}
		flag := &p.flags[i]
		if flag.Bool {
			p.add(flag, "true")
			continue
		}
		return p.value(flag, strings.TrimPrefix(rest, "="), rest != "")
	}
	return ""
}

func (p *flagParser) value(flag *Flag, value string, has bool) string {
	if !has {
		if len(p.todo) == 0 || (strings.HasPrefix(p.todo[0], "-") && p.todo[0] != "-" && !isNegative(p.todo[0])) {
			return fmt.Sprintf("argument %s: expected one argument", flag.title())
		}
		value, p.todo = p.todo[0], p.todo[1:]
	}
	p.add(flag, value)
	return ""
}

func (p *flagParser) add(flag *Flag, value string) {
	p.args.Given = append(p.args.Given, Given{flag, value})
}

// match is a flag found by one of its names, or by the name of its twin.
type match struct {
	name string
	flag *Flag
	twin bool
}

// matchLong finds the flag of a name, or all that a prefix may mean.
func matchLong(flags []Flag, given string) []match {
	given = strings.ReplaceAll(given, "_", "-")
	var found []match
	for i := range flags {
		for _, m := range flags[i].spellings() {
			if m.name == given {
				return []match{m}
			}
			same := func(o match) bool { return o.flag == m.flag && o.twin == m.twin }
			if strings.HasPrefix(m.name, given) && !slices.ContainsFunc(found, same) {
				found = append(found, m)
			}
		}
	}
	return found
}

// spellings are all long names that mean a flag.
func (f *Flag) spellings() []match {
	var list []match
	for _, name := range f.Names {
		list = append(list, match{name: name, flag: f})
	}
	if f.Twin {
		for _, name := range f.Names {
			list = append(list, match{name: "no" + name, flag: f, twin: true})
		}
	}
	return list
}

func listMatches(matches []match) string {
	names := make([]string, len(matches))
	for i, m := range matches {
		names[i] = "--" + m.name
	}
	return strings.Join(names, ", ")
}

// title is a flag as argparse names it in errors.
func (f *Flag) title() string {
	var names []string
	if f.Short != "" {
		names = append(names, "-"+f.Short)
	}
	for _, name := range f.Names {
		names = append(names, "--"+name)
	}
	return strings.Join(names, "/")
}

func isNegative(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "0123456789.") == ""
}
