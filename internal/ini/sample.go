package ini

import (
	"fmt"
	"io"
	"strings"
)

// Group is a section of a sample file and the option structs that are filled
// from it.
type Group struct {
	Section string
	Options []any
}

// WriteSample writes a configuration file that shows every option, commented
// out, with its default and what is known about it.
func WriteSample(w io.Writer, groups ...Group) error {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "[%s]\n", g.Section)
		for _, options := range g.Options {
			for _, o := range Describe(options) {
				o.writeSample(&b, g.Section)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Option) writeSample(b *strings.Builder, section string) {
	b.WriteString("\n")
	comment(b, fmt.Sprintf("%s (%s)", o.Help, o.Kind))
	if o.Min != "" {
		comment(b, "Minimum value: "+o.Min)
	}
	if o.Max != "" {
		comment(b, "Maximum value: "+o.Max)
	}
	if len(o.Choices) > 0 {
		comment(b, "Possible values: "+strings.TrimRight(strings.Join(o.Choices, ", "), ", "))
	}
	for _, old := range o.Deprecated {
		if old.Section == "" {
			old.Section = section
		}
		comment(b, fmt.Sprintf("Deprecated group/name - [%s]/%s", old.Section, old.Key))
	}
	if o.Accept {
		comment(b, "This option is accepted and has no effect.")
	}
	value := " = " + o.Default
	if !o.HasDefault {
		value = " = <None>"
	}
	b.WriteString("#" + o.Name + strings.TrimRight(value, " ") + "\n")
}

// comment writes a text as comment lines of at most 79 characters.
func comment(b *strings.Builder, text string) {
	const width = 79
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
