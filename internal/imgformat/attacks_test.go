package imgformat_test

import (
	"bytes"
	"errors"
	"testing"

	"glance/internal/imgformat"
)

// mustNotPass fails if there is a way to declare the file, under any rules, that lets it become an image.
func mustNotPass(t *testing.T, data []byte) {
	t.Helper()
	v := whole(data)
	for _, declared := range []string{"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks", "ami", "ploop"} {
		for _, rules := range []imgformat.Rules{{}, {AllowMismatch: true}, {AllowMismatch: true, GPTNonFatal: []string{"mbr"}}} {
			_, err := v.Judge(declared, rules)
			if refused := (*imgformat.Error)(nil); !errors.As(err, &refused) {
				t.Errorf("passes as %s under %+v", declared, rules)
			}
		}
	}
}

// A qcow2 that names a file of the host as its backing or data file, or a vmdk whose descriptor does, gives that file
// away to whoever boots or downloads the converted image.
func TestCVE2024_32498(t *testing.T) {
	all := samples(t)
	for _, name := range []string{
		"qcow2-backing", "qcow2-data-file", "qcow2-v2-data-file", "vmdk-path", "vmdk-flat", "vmdk-text-flat",
	} {
		t.Run(name, func(t *testing.T) { mustNotPass(t, all[name]) })
	}
}

// The first fix looked at what was declared: an image declared raw was not examined, and qemu found the qcow2.
func TestCVE2024_32498_DeclaredRaw(t *testing.T) {
	for _, name := range []string{"qcow2-backing", "qcow2-data-file"} {
		if _, err := whole(samples(t)[name]).Judge("raw", imgformat.Rules{}); err == nil {
			t.Errorf("%s passes as raw", name)
		}
	}
}

// A flat vmdk is a text that names any file as the disk's data.
func TestCVE2022_47951(t *testing.T) {
	all := samples(t)
	for _, name := range []string{"vmdk-text-flat", "vmdk-text-padded", "vmdk-text-zeros-later", "vmdk-flat"} {
		t.Run(name, func(t *testing.T) { mustNotPass(t, all[name]) })
	}
	for _, subformat := range []string{"monolithicFlat", "twoGbMaxExtentFlat", "twoGbMaxExtentSparse", "vmfs", "vmfsSparse", "custom", "fullDevice"} {
		t.Run(subformat, func(t *testing.T) {
			mustNotPass(t, bytes.Replace(all["vmdk-text"], []byte("monolithicSparse"), []byte(subformat), 1))
		})
	}
}

// A header hidden in front of, or inside, another format is found by one reader and missed by the next.
func TestPolyglots(t *testing.T) {
	all := samples(t)
	for _, name := range []string{"iso-with-qcow2-backing"} {
		t.Run(name, func(t *testing.T) { mustNotPass(t, all[name]) })
	}
	for _, name := range []string{"iso-with-qcow2", "iso-with-vmdk", "iso-with-qcow2-and-mbr"} {
		v := whole(all[name])
		for _, declared := range []string{"raw", "iso", "qcow2", "vmdk", "ami"} {
			if _, err := v.Judge(declared, imgformat.Rules{}); err == nil {
				t.Errorf("%s passes as %s", name, declared)
			}
		}
	}
}

// qemu believes a footer more than the header, and follows the descriptor's offset.
func TestVMDKHiddenDescriptor(t *testing.T) {
	all := samples(t)
	for _, name := range []string{
		"vmdk-stream-descriptor-offset", "vmdk-stream-descriptor-size", "vmdk-stream-footer-again",
		"vmdk-descriptor-elsewhere", "vmdk-two-types", "vmdk-long-bad-descriptor",
	} {
		t.Run(name, func(t *testing.T) { mustNotPass(t, all[name]) })
	}
}

// Formats that nobody can examine are recognised to be refused.
func TestUnexaminableFormats(t *testing.T) {
	all := samples(t)
	for _, name := range []string{"qed", "qcow2-v1", "qcow2-extended-l2", "luks2"} {
		t.Run(name, func(t *testing.T) { mustNotPass(t, all[name]) })
	}
}
