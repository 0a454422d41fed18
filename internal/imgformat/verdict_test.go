package imgformat_test

import (
	"errors"
	"slices"
	"testing"

	"glance/internal/imgformat"
)

func mismatch(declared, got string) string {
	return "Image disk_format " + declared + " does not match stream data " + got
}

func TestJudge(t *testing.T) {
	const isoGPT = "Multiple formats detected: iso,gpt"
	strict, lax := imgformat.Rules{}, imgformat.Rules{AllowMismatch: true}
	excused := imgformat.Rules{GPTNonFatal: []string{"mbr"}}
	all := samples(t)
	for _, c := range []struct {
		sample, declared string
		rules            imgformat.Rules
		size             int64
		refused          string
	}{
		// What is declared raw passes unless it is unsafe.
		{"qcow2", "raw", strict, 1024, ""},
		{"iso", "raw", strict, 34816, ""},
		{"luks", "raw", strict, 8192, ""},
		{"gpt", "raw", strict, 1024, ""},
		{"vmdk-text", "raw", strict, 110, ""},
		{"raw-empty", "raw", strict, 0, ""},
		{"qcow2-backing", "raw", strict, 0, failed},
		{"vmdk-text-flat", "raw", strict, 0, failed},
		{"vmdk-descriptor-elsewhere", "raw", strict, 0, failed},
		{"luks2", "raw", strict, 0, failed},
		{"qed", "raw", strict, 0, failed},
		{"mbr-boot-flag", "raw", strict, 0, failed},
		{"vhd-100-bytes", "raw", strict, 0, incomplete},
		{"vhd-100-bytes", "raw", lax, 0, ""},

		// Raw content passes for formats nobody can recognise.
		{"raw-zeros", "ami", strict, 0, ""},
		{"raw-zeros", "root-tar", strict, 0, ""},
		{"raw-empty", "ploop", strict, 0, ""},
		{"qcow2", "ami", strict, 0, mismatch("ami", "qcow2")},
		{"mbr", "aki", strict, 0, mismatch("aki", "gpt")},
		{"raw-zeros", "qcow2", strict, 0, mismatch("qcow2", "raw")},
		{"raw-empty", "qcow2", strict, 0, mismatch("qcow2", "raw")},
		{"vhd-fixed", "vhd", strict, 0, mismatch("vhd", "raw")},

		// The mismatch is told first, the safety check counts nevertheless.
		{"qcow2", "vmdk", strict, 0, mismatch("vmdk", "qcow2")},
		{"qcow2-backing", "vmdk", strict, 0, mismatch("vmdk", "qcow2")},
		{"qcow2", "vmdk", lax, 0, ""},
		{"qcow2-backing", "vmdk", lax, 0, failed},
		{"raw-zeros", "qcow2", lax, 0, ""},
		{"qcow2-huge", "qcow2", lax, 0, ""},
		{"vmdk-text", "vmdk", lax, 0, ""},
		{"vmdk-text-flat", "vmdk", lax, 0, failed},
		{"vmdk-long-descriptor", "vmdk", lax, 0, ""},
		{"vmdk-long-bad-descriptor", "vmdk", lax, 0, failed},

		// A bootable iso is an iso, but not raw.
		{"iso-with-mbr", "iso", strict, 40960, ""},
		{"iso-with-bad-mbr", "iso", strict, 40960, ""},
		{"iso-with-mbr", "gpt", strict, 0, mismatch("gpt", "iso")},
		{"iso-with-mbr", "ami", strict, 0, mismatch("ami", "iso")},
		{"iso-with-mbr", "raw", strict, 0, isoGPT},
		{"iso-with-mbr", "raw", lax, 0, ""},

		// Of any other two nobody knows which is meant, so that each has to be safe.
		{"iso-with-qcow2", "raw", strict, 0, "Multiple formats detected: qcow2,iso"},
		{"iso-with-qcow2", "qcow2", strict, 0, "Multiple formats detected: qcow2,iso"},
		{"iso-with-qcow2", "iso", lax, 0, ""},
		{"iso-with-qcow2-backing", "iso", lax, 0, failed},

		// Checks of gpt may be excused, others not.
		{"mbr-boot-flag", "raw", excused, 1024, ""},
		{"gpt-hybrid", "gpt", excused, 1024, ""},
		{"gpt-hybrid", "gpt", imgformat.Rules{GPTNonFatal: []string{"gptmbr"}}, 0, failed},
		{"qcow2-backing", "raw", imgformat.Rules{GPTNonFatal: []string{"backing_file"}}, 0, failed},
	} {
		t.Run(c.sample+" as "+c.declared, func(t *testing.T) {
			j, err := whole(all[c.sample]).Judge(c.declared, c.rules)
			if text(err) != c.refused || sizeOf(j) != c.size {
				t.Errorf("rules %+v: size %d, error %q; want %d, %q", c.rules, sizeOf(j), text(err), c.size, c.refused)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	all := samples(t)
	for _, c := range []struct {
		sample string
		want   imgformat.Reason
	}{
		{"raw-zeros", imgformat.Mismatch},
		{"iso-with-qcow2", imgformat.Mismatch},
		{"qcow2-backing", imgformat.Unsafe},
		{"qcow2-huge", imgformat.Unreadable},
	} {
		_, err := whole(all[c.sample]).Judge("qcow2", imgformat.Rules{})
		var refused *imgformat.Error
		if !errors.As(err, &refused) || refused.Reason != c.want {
			t.Errorf("%s: %#v, want reason %d", c.sample, err, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	all := samples(t)
	for _, c := range []struct {
		sample, declared string
		want             []string
	}{
		{"qcow2", "qcow2", nil},
		{"qcow2", "raw", []string{"Image disk_format raw holds stream data qcow2"}},
		{"qcow2", "vdi", []string{mismatch("vdi", "qcow2")}},
		{"mbr-boot-flag", "gpt", []string{"Safety check mbr on gpt failed because MBR PTE 2 has invalid boot flag"}},
	} {
		rules := imgformat.Rules{AllowMismatch: true, GPTNonFatal: []string{"mbr"}}
		if j, err := whole(all[c.sample]).Judge(c.declared, rules); err != nil || !slices.Equal(j.Warnings, c.want) {
			t.Errorf("%s as %s: %q, %v; want %q", c.sample, c.declared, j.Warnings, err, c.want)
		}
	}
}

func TestSafe(t *testing.T) {
	all := samples(t)
	for _, c := range []struct {
		sample  string
		excused []string
		want    string
	}{
		{"qcow2", nil, ""},
		{"raw-empty", nil, ""},
		{"iso-with-bad-mbr", nil, ""},
		{"qcow2-backing", nil, failed},
		{"mbr-boot-flag", nil, failed},
		{"mbr-boot-flag", []string{"mbr"}, ""},
		{"vhdx-cut", nil, incomplete},
		{"iso-with-qcow2", nil, "Multiple formats detected: qcow2,iso"},
	} {
		if got := text(whole(all[c.sample]).Safe(c.excused)); got != c.want {
			t.Errorf("%s: %q, want %q", c.sample, got, c.want)
		}
	}
}

// A verdict that nobody reached must not let anything pass.
func TestZeroVerdictRefuses(t *testing.T) {
	var v imgformat.Verdict
	if _, err := v.Judge("raw", imgformat.Rules{}); err == nil {
		t.Error("judged without inspection")
	}
	if err := v.Safe(nil); err == nil {
		t.Error("safe without inspection")
	}
}
