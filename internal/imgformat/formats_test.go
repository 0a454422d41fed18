package imgformat_test

import (
	"errors"
	"strings"
	"testing"

	"glance/internal/imgformat"
)

const (
	failed     = "Image failed safety checks"
	incomplete = "Incomplete file cannot be safety checked"
	unreadable = "Image format inspection failed"
)

// recognised says for every sample what it is and what becomes of it when declared as that.
var recognised = []struct {
	sample, format string
	size           int64  // virtual size, 0: none
	refused        string // text of the error
	why            string // the safety checks that failed
}{
	{sample: "raw-empty", format: "raw"},
	{sample: "raw-zeros", format: "raw", size: 4096},
	{sample: "raw-text", format: "raw", size: 80},

	{sample: "qcow2", format: "qcow2", size: 4 << 20},
	{sample: "qcow2-v2", format: "qcow2", size: 4 << 20},
	{sample: "qcow2-harmless-features", format: "qcow2", size: 4 << 20},
	{sample: "qcow2-v2-no-features", format: "qcow2", size: 4 << 20},
	{sample: "qcow2-no-size", format: "qcow2"},
	{sample: "qcow2-v1", format: "qcow2", refused: failed, why: "unknown_features: Unsupported qcow2 version"},
	{sample: "qcow2-v4", format: "qcow2", refused: failed, why: "unknown_features: Unsupported qcow2 version"},
	{sample: "qcow2-backing", format: "qcow2", refused: failed, why: "backing_file: Image has a backing file"},
	{sample: "qcow2-data-file", format: "qcow2", refused: failed, why: "data_file: Image has data_file set"},
	{sample: "qcow2-v2-data-file", format: "qcow2", refused: failed, why: "data_file: Image has data_file set"},
	{sample: "qcow2-extended-l2", format: "qcow2", refused: failed, why: "unknown_features: Unknown QCOW2 features found"},
	{sample: "qcow2-last-feature", format: "qcow2", refused: failed, why: "unknown_features: Unknown QCOW2 features found"},
	{sample: "qcow2-huge", format: "qcow2", refused: unreadable},
	{sample: "qcow2-511-bytes", format: "raw", size: 511},

	{sample: "qed", format: "qed", refused: failed, why: "banned: This file format is not allowed"},

	{sample: "vhd", format: "vhd", size: 4212736},
	{sample: "vhd-fixed", format: "raw", size: 1536},
	{sample: "vhd-100-bytes", format: "vhd", refused: incomplete},

	{sample: "vhdx", format: "vhdx", size: 4 << 20},
	{sample: "vhdx-size-within-table", format: "vhdx", size: 5 << 20},
	{sample: "vhdx-size-across-table", format: "vhdx", size: 6 << 20},
	{sample: "vhdx-full-region-table", format: "vhdx", size: 4 << 20},
	{sample: "vhdx-no-region-signature", format: "raw", size: 589840},
	{sample: "vhdx-many-regions", format: "raw", size: 589840},
	{sample: "vhdx-no-metadata-region", format: "vhdx"},
	{sample: "vhdx-no-metadata-signature", format: "raw", size: 589840},
	{sample: "vhdx-many-items", format: "raw", size: 589840},
	{sample: "vhdx-no-size", format: "vhdx"},
	{sample: "vhdx-metadata-beyond", format: "vhdx", refused: incomplete},
	{sample: "vhdx-metadata-before", format: "vhdx", refused: incomplete},
	{sample: "vhdx-size-beyond", format: "vhdx", refused: incomplete},
	{sample: "vhdx-huge", format: "vhdx", refused: unreadable},
	{sample: "vhdx-cut", format: "vhdx", refused: incomplete},

	{sample: "vmdk", format: "vmdk", size: 4 << 20},
	{sample: "vmdk-any-case", format: "vmdk", size: 4 << 20},
	{sample: "vmdk-rdonly", format: "vmdk", size: 4 << 20},
	{sample: "vmdk-flat", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-path", format: "vmdk", refused: failed, why: "descriptor: Invalid extent filenames found"},
	{sample: "vmdk-no-extents", format: "vmdk", refused: failed, why: "descriptor: No extents found"},
	{sample: "vmdk-odd-line", format: "vmdk", refused: failed, why: "descriptor: Invalid VMDK descriptor data"},
	{sample: "vmdk-blank-before-equals", format: "vmdk", refused: failed, why: "descriptor: Invalid VMDK descriptor data"},
	{sample: "vmdk-not-ascii", format: "vmdk", refused: failed, why: "descriptor: No descriptor found"},
	{sample: "vmdk-no-type", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-long-type", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-open-type", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-two-types", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-version-4", format: "vmdk", refused: failed, why: "descriptor: No descriptor found"},
	{sample: "vmdk-descriptor-elsewhere", format: "vmdk", refused: failed, why: "descriptor: No descriptor found"},
	{sample: "vmdk-no-descriptor", format: "vmdk", refused: failed, why: "descriptor: No descriptor found"},
	{sample: "vmdk-huge", format: "vmdk", refused: unreadable},
	{sample: "vmdk-long-descriptor", format: "vmdk", refused: incomplete},
	{sample: "vmdk-long-bad-descriptor", format: "vmdk", refused: incomplete},
	{sample: "vmdk-63-bytes", format: "vmdk", refused: incomplete},
	{sample: "vmdk-300-bytes", format: "vmdk", refused: incomplete},

	{sample: "vmdk-stream", format: "vmdk", size: 4 << 20},
	{sample: "vmdk-stream-signature", format: "vmdk", refused: failed, why: "footer: Header and footer signature do not match"},
	{sample: "vmdk-stream-version", format: "vmdk", refused: failed, why: "footer: Header and footer versions do not match"},
	{sample: "vmdk-stream-descriptor-offset", format: "vmdk", refused: failed, why: "footer: Footer specifies a different descriptor than header"},
	{sample: "vmdk-stream-descriptor-size", format: "vmdk", refused: failed, why: "footer: Footer specifies a different descriptor than header"},
	{sample: "vmdk-stream-footer-again", format: "vmdk", refused: failed, why: "footer: Footer indicates another footer"},
	{sample: "vmdk-stream-marker-size", format: "vmdk", refused: failed, why: "footer: Footer marker is invalid"},
	{sample: "vmdk-stream-marker-type", format: "vmdk", refused: failed, why: "footer: Footer marker is invalid"},
	{sample: "vmdk-stream-marker-tail", format: "vmdk", refused: failed, why: "footer: Footer marker is invalid"},
	{sample: "vmdk-stream-end", format: "vmdk", refused: failed, why: "footer: End-of-stream marker is invalid"},
	{sample: "vmdk-stream-cut", format: "vmdk", refused: failed, why: "footer: Footer marker is invalid"},

	{sample: "vmdk-text", format: "vmdk", refused: unreadable},
	{sample: "vmdk-text-flat", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-text-empty-type", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-text-zeros-later", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-text-padded", format: "vmdk", refused: failed, why: "descriptor: Unsupported subformat"},
	{sample: "vmdk-text-padded-no-type", format: "raw", size: 512},
	{sample: "vmdk-text-no-type", format: "raw", size: 104},
	{sample: "vmdk-text-binary-later", format: "raw", size: 643},
	{sample: "vmdk-text-binary-early", format: "raw", size: 113},
	{sample: "vmdk-text-63-bytes", format: "raw", size: 63},

	{sample: "vdi", format: "vdi", size: 3 << 20},

	{sample: "iso", format: "iso", size: 40960},
	{sample: "iso-udf", format: "iso"},
	{sample: "iso-nsr02", format: "iso"},
	{sample: "iso-with-mbr", format: "iso", size: 40960},
	{sample: "iso-with-bad-mbr", format: "iso", size: 40960},
	{sample: "iso-with-qcow2", refused: "Multiple formats detected: qcow2,iso"},
	{sample: "iso-with-qcow2-backing", refused: "Multiple formats detected: qcow2,iso"},
	{sample: "iso-with-vmdk", refused: "Multiple formats detected: vmdk,iso"},
	{sample: "iso-with-qcow2-and-mbr", refused: "Multiple formats detected: qcow2,iso,gpt"},
	{sample: "iso-34815-bytes", format: "raw", size: 34815},

	{sample: "gpt", format: "gpt", size: 1024},
	{sample: "mbr", format: "gpt", size: 1024},
	{sample: "mbr-last-entry", format: "gpt", size: 1024},
	{sample: "mbr-without-partitions", format: "gpt", refused: failed, why: "mbr: GPT MBR has no partitions defined"},
	{sample: "mbr-boot-flag", format: "gpt", refused: failed, why: "mbr: MBR PTE 2 has invalid boot flag"},
	{sample: "gpt-hybrid", format: "gpt", refused: failed, why: "mbr: GPT MBR defines invalid extra partitions"},
	{sample: "gpt-second", format: "gpt", refused: failed, why: "mbr: GPT MBR defines invalid extra partitions"},
	{sample: "gpt-chs", format: "gpt", refused: failed, why: "mbr: GPT MBR has invalid start CHS"},
	{sample: "gpt-lba", format: "gpt", refused: failed, why: "mbr: GPT MBR has invalid start LBA"},
	{sample: "fat", format: "raw", size: 1024},
	{sample: "mbr-511-bytes", format: "raw", size: 511},

	{sample: "luks", format: "luks", size: 4096},
	{sample: "luks-without-payload", format: "luks"},
	{sample: "luks2", format: "luks", refused: failed, why: "version: LUKS version 2 is not supported"},
	{sample: "luks-591-bytes", format: "luks", refused: incomplete},
}

func TestFormats(t *testing.T) {
	all := samples(t)
	for _, c := range recognised {
		t.Run(c.sample, func(t *testing.T) {
			data, ok := all[c.sample]
			if !ok {
				t.Fatal("no such sample")
			}
			delete(all, c.sample)
			v := whole(data)
			if got, _ := v.Detected(); got != c.format {
				t.Errorf("detected %q, want %q", got, c.format)
			}
			j, err := v.Judge(c.format, imgformat.Rules{})
			if text(err) != c.refused {
				t.Errorf("refused with %q, want %q", text(err), c.refused)
			}
			if got := sizeOf(j); got != c.size {
				t.Errorf("virtual size %d, want %d", got, c.size)
			}
			if why := reasons(err); why != c.why {
				t.Errorf("failed checks %q, want %q", why, c.why)
			}
		})
	}
	for _, left := range sorted(all) {
		t.Errorf("sample %s is in no test", left)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func sizeOf(j imgformat.Judgement) int64 {
	if j.VirtualSize == nil {
		return 0
	}
	return *j.VirtualSize
}

func reasons(err error) string {
	var refused *imgformat.Error
	if !errors.As(err, &refused) {
		return ""
	}
	var texts []string
	for _, f := range refused.Failures {
		texts = append(texts, f.Check+": "+f.Reason)
	}
	return strings.Join(texts, ", ")
}

func TestInspectable(t *testing.T) {
	for _, name := range []string{"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"} {
		if !imgformat.Inspectable(name) {
			t.Errorf("%s is not inspectable", name)
		}
	}
	for _, name := range []string{"ami", "ari", "aki", "ploop", "root-tar", ""} {
		if imgformat.Inspectable(name) {
			t.Errorf("%q is inspectable", name)
		}
	}
}

func TestVMDKTypeFault(t *testing.T) {
	for _, c := range []struct {
		createType string
		allowed    []string
		want       string
	}{
		{"streamOptimized", []string{"streamOptimized", "monolithicSparse"}, ""},
		{"monolithicFlat", []string{"streamOptimized", "monolithicSparse"}, "Invalid VMDK create-type specified"},
		{"streamOptimized", nil, "Image is a VMDK, but no VMDK createType is specified"},
		{"", nil, "Unable to determine VMDK create-type"},
	} {
		if got := imgformat.VMDKTypeFault(c.createType, c.allowed); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.createType, c.allowed, got, c.want)
		}
	}
}
