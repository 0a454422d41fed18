package imgformat_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"glance/internal/imgformat"
)

// samples reads the files made by tools/imgsamples; all of them, or those of some families.
func samples(t testing.TB, families ...string) map[string][]byte {
	t.Helper()
	if len(families) == 0 {
		families = []string{"*"}
	}
	all := map[string][]byte{}
	for _, family := range families {
		files, err := filepath.Glob(filepath.Join("testdata", family+".samples"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no samples %s: %v", family, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := expand(string(text), all); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
		}
	}
	return all
}

func expand(text string, into map[string][]byte) error {
	var data []byte
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "sample "); ok {
			name, size, _ := strings.Cut(rest, " ")
			n, err := strconv.Atoi(size)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			data = make([]byte, n)
			into[name] = data
			continue
		}
		offset, value, _ := strings.Cut(line, " ")
		off, err := strconv.ParseUint(offset, 16, 31)
		if err != nil {
			return err
		}
		var bytes []byte
		if value[0] == '"' {
			text, unquoteErr := strconv.Unquote(value)
			bytes, err = []byte(text), unquoteErr
		} else {
			bytes, err = hex.DecodeString(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		copy(data[off:], bytes)
	}
	return nil
}

func sorted(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }

// inspect writes data in chunks of the given size.
func inspect(data []byte, chunk int) imgformat.Verdict {
	in := imgformat.New()
	for piece := range slices.Chunk(data, chunk) {
		_, _ = in.Write(piece)
	}
	return in.Verdict()
}

func whole(data []byte) imgformat.Verdict { return inspect(data, max(len(data), 1)) }

// outcome describes all that a verdict lets be known.
func outcome(v imgformat.Verdict) string {
	detected, err := v.Detected()
	text := fmt.Sprintf("detected %s %v, size %d, safe %v\n", detected, err, v.Size(), v.Safe(nil))
	for _, rules := range []imgformat.Rules{{}, {AllowMismatch: true}, {GPTNonFatal: []string{"mbr"}}} {
		for _, declared := range []string{"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks", "ami"} {
			text += fmt.Sprintf("%s: %s\n", declared, judged(v.Judge(declared, rules)))
		}
	}
	return text
}

func judged(j imgformat.Judgement, err error) string {
	var text string
	var refused *imgformat.Error
	switch {
	case errors.As(err, &refused):
		text = fmt.Sprintf("%v %+v", err, refused.Failures)
	case err != nil:
		text = "untyped: " + err.Error()
	case j.VirtualSize == nil:
		text = "ok"
	default:
		text = fmt.Sprintf("ok %d", *j.VirtualSize)
	}
	for _, w := range j.Warnings {
		text += "; " + w
	}
	return text
}
