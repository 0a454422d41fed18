package house_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateLint = flag.Bool("update-lint", false, "write the depguard rules of .golangci.yml anew from the import table")

const (
	lintFile   = "../../.golangci.yml"
	beginTable = "      # BEGIN import table: written by go test ./test/house -update-lint\n"
	endTable   = "      # END import table\n"
)

// TestDepguard keeps the linter's copy of the import table, which shows a violation in the editor, equal to the table.
func TestDepguard(t *testing.T) {
	data, err := os.ReadFile(lintFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), beginTable)
	old, tail, ok2 := strings.Cut(rest, endTable)
	if !ok || !ok2 {
		t.Fatalf("%s has no import table", lintFile)
	}
	want := depguard()
	if *updateLint {
		if err := os.WriteFile(lintFile, []byte(head+beginTable+want+endTable+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Errorf("%s differs from the import table: go test ./test/house -update-lint", lintFile)
	}
}

// depguard writes one rule per row. Its rules all apply, so a pattern leaves out what earlier rows have taken.
func depguard() string {
	var b strings.Builder
	b.WriteString("      rules:\n")
	for i, r := range table {
		fmt.Fprintf(&b, "        %q:\n", r.room)
		fmt.Fprintf(&b, "          files: [%q, %q", lintFiles(r.room), "!$test")
		for _, earlier := range table[:i] {
			if matches(r.room, earlier.room) {
				fmt.Fprintf(&b, ", %q", "!"+lintFiles(earlier.room))
			}
		}
		b.WriteString("]\n")
		allow := lintAllow(r)
		deny := []string{module + "/"}
		if r.foreign {
			b.WriteString("          list-mode: lax\n")
		} else {
			b.WriteString("          list-mode: strict\n")
			allow = append([]string{"$gostd"}, allow...)
			deny = nil
		}
		deny = append(deny, r.never...)
		if len(allow) > 0 {
			fmt.Fprintf(&b, "          allow: [%s]\n", strings.Join(allow, ", "))
		}
		if len(deny) > 0 {
			b.WriteString("          deny:\n")
		}
		for _, pkg := range deny {
			fmt.Fprintf(&b, "            - {pkg: %s, desc: the import table of test/house forbids it}\n", pkg)
		}
	}
	return b.String()
}

func lintFiles(room string) string {
	if !strings.HasPrefix(room, "cmd/") {
		room = "internal/" + room
	}
	return "**/" + room + "/*.go"
}

// lintAllow lists prefixes; $ ends an exact one. A package may embed and test itself without being listed.
func lintAllow(r row) []string {
	var allow []string
	for _, m := range r.may {
		m = module + "/internal/" + m
		switch {
		case strings.HasSuffix(m, "/**"):
			m = strings.TrimSuffix(m, "**")
		case strings.HasSuffix(m, "/*"):
			m = strings.TrimSuffix(m, "*")
		default:
			m += "$"
		}
		allow = append(allow, m)
	}
	slices.Sort(allow)
	return allow
}
