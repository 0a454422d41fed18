package ini_test

import (
	"strings"
	"testing"

	"glance/internal/ini"
)

func TestWriteSample(t *testing.T) {
	var b strings.Builder
	err := ini.WriteSample(&b, ini.Group{Section: "a", Options: []any{
		struct {
			Port int `ini:"port" default:"1" min:"0" max:"2" deprecated:"old,DEFAULT/older" help:"Word after word, far beyond the width of a terminal, so that it goes on below."`
		}{},
		struct {
			Kind *string  `ini:"kind" choices:"x,y," accept:"true" help:"Kind."`
			List []string `ini:"list" default:"" help:"List."`
		}{},
	}}, ini.Group{Section: "b"})
	const want = `[a]

# Word after word, far beyond the width of a terminal, so that it goes on
# below. (integer value)
# Minimum value: 0
# Maximum value: 2
# Deprecated group/name - [a]/old
# Deprecated group/name - [DEFAULT]/older
#port = 1

# Kind. (string value)
# Possible values: x, y
# This option is accepted and has no effect.
#kind = <None>

# List. (list value)
#list =

[b]
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got\n%s", err, b.String())
	}
}
