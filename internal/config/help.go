package config

import (
	"fmt"
	"strings"
)

const helpWidth = 79

// usage is argparse's usage line, wrapped; words are the positional arguments.
func usage(prog string, flags []Flag, words string) string {
	parts := make([]string, 0, len(flags)+1)
	for i := range flags {
		f := &flags[i]
		name := "--" + f.Names[0]
		if f.Short != "" {
			name = "-" + f.Short
		}
		if !f.Bool {
			name += " " + f.metavar()
		}
		parts = append(parts, "["+name+"]")
		if f.Twin {
			parts = append(parts, "[--no"+f.Names[0]+"]")
		}
	}
	if words != "" {
		parts = append(parts, words)
	}
	start := "usage: " + prog
	return wrap(start, parts, len(start)+1)
}

// wrap puts words behind a start, broken at the width and indented.
func wrap(start string, words []string, indent int) string {
	var b strings.Builder
	b.WriteString(start)
	at := len(start)
	for _, word := range words {
		if at+1+len(word) > helpWidth && at > indent {
			b.WriteString("\n" + strings.Repeat(" ", indent-1))
			at = indent - 1
		}
		b.WriteString(" " + word)
		at += 1 + len(word)
	}
	return b.String() + "\n"
}

func (f *Flag) metavar() string {
	if f.Metavar != "" {
		return f.Metavar
	}
	return strings.ToUpper(strings.ReplaceAll(f.Names[0], "-", "_"))
}

// Usage is the help text of a program: usage line, then one entry a flag.
func Usage(prog string, flags []Flag, words string) string {
	const column = 24
	var b strings.Builder
	b.WriteString(usage(prog, flags, words) + "\noptions:\n")
	for i := range flags {
		f := &flags[i]
		fmt.Fprintf(&b, "  %s\n", f.heading())
		if f.Help != "" {
			b.WriteString(wrap(strings.Repeat(" ", column-1), strings.Fields(f.Help), column))
		}
		if f.Twin {
			fmt.Fprintf(&b, "  --no%s\n%sThe inverse of --%s\n", f.Names[0], strings.Repeat(" ", column), f.Names[0])
		}
	}
	return b.String()
}

func (f *Flag) heading() string {
	names := strings.Split(f.title(), "/")
	for i := range names {
		if !f.Bool {
			names[i] += " " + f.metavar()
		}
	}
	return strings.Join(names, ", ")
}
