//go:build services

package imgformat_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"glance/internal/imgformat"
)

const diskSize = 64 << 20

// qemuImg runs the tool, which must be installed.
func qemuImg(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "qemu-img", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("qemu-img %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// detectFile inspects a file both ways.
func detectFile(t *testing.T, path string) imgformat.Verdict {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := inspect(data, 1<<20)
	d, err := imgformat.Detect(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if outcome(d) != outcome(v) {
		t.Errorf("%s:\n%sbut as a stream:\n%s", path, outcome(d), outcome(v))
	}
	return v
}

// source makes a raw disk with something on it, so that conversions have data to write.
func source(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(diskSize); err != nil {
		t.Fatal(err)
	}
	for off := int64(0); off < diskSize; off += diskSize / 7 {
		if _, err := f.WriteAt(bytes.Repeat([]byte("data"), 20_000), off); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestQemuImgFiles(t *testing.T) {
	src := source(t)
	for _, c := range []struct {
		name, format, options string
		want                  string // detected
		refused               string
	}{
		{name: "qcow2 v3", format: "qcow2", options: "compat=1.1", want: "qcow2"},
		{name: "qcow2 v2", format: "qcow2", options: "compat=0.10", want: "qcow2"},
		{name: "qcow2 lazy", format: "qcow2", options: "lazy_refcounts=on", want: "qcow2"},
		{name: "qcow2 zstd", format: "qcow2", options: "compression_type=zstd", want: "qcow2"},
		{name: "qcow2 extended", format: "qcow2", options: "extended_l2=on", want: "qcow2", refused: failed},
		{name: "qcow v1", format: "qcow", want: "qcow2", refused: failed},
		{name: "vmdk sparse", format: "vmdk", options: "subformat=monolithicSparse", want: "vmdk"},
		{name: "vmdk stream", format: "vmdk", options: "subformat=streamOptimized", want: "vmdk"},
		{name: "vmdk flat", format: "vmdk", options: "subformat=monolithicFlat", want: "vmdk", refused: failed},
		{name: "vmdk split", format: "vmdk", options: "subformat=twoGbMaxExtentSparse", want: "vmdk", refused: failed},
		{name: "vdi", format: "vdi", want: "vdi"},
		{name: "vhd dynamic", format: "vpc", options: "force_size=on", want: "vhd"},
		{name: "vhd fixed", format: "vpc", options: "force_size=on,subformat=fixed", want: "raw"},
		{name: "vhdx", format: "vhdx", want: "vhdx"},
		{name: "vhdx fixed", format: "vhdx", options: "subformat=fixed", want: "vhdx"},
		{name: "qed", format: "qed", want: "qed", refused: failed},
		{name: "raw", format: "raw", want: "raw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk")
			args := []string{"convert", "-O", c.format}
			if c.options != "" {
				args = append(args, "-o", c.options)
			}
			qemuImg(t, append(args, "-f", "raw", src, path)...)
			v := detectFile(t, path)
			if got, err := v.Detected(); got != c.want {
				t.Errorf("detected %s, %v", got, err)
			}
			j, err := v.Judge(c.want, imgformat.Rules{})
			if text(err) != c.refused {
				t.Errorf("refused with %q, want %q: %s", text(err), c.refused, reasons(err))
			}
			if want := virtualSize(t, c.format, path); err == nil && c.want != "raw" && sizeOf(j) != want {
				t.Errorf("virtual size %d, qemu-img says %d", sizeOf(j), want)
			}
		})
	}
}

func virtualSize(t *testing.T, format, path string) int64 {
	t.Helper()
	var info struct {
		VirtualSize int64 `json:"virtual-size"`
	}
	if err := json.Unmarshal(qemuImg(t, "info", "-f", format, "--output=json", path), &info); err != nil {
		t.Fatal(err)
	}
	return info.VirtualSize
}

func TestQemuImgReferences(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	qemuImg(t, "create", "-f", "qcow2", path("base"), "1M")
	qemuImg(t, "create", "-f", "qcow2", "-b", path("base"), "-F", "qcow2", path("overlay"))
	qemuImg(t, "create", "-f", "qcow2", "-o", "data_file="+path("data"), path("pointer"), "1M")
	for file, why := range map[string]string{
		"overlay": "backing_file: Image has a backing file",
		"pointer": "data_file: Image has data_file set",
	} {
		_, err := detectFile(t, path(file)).Judge("qcow2", imgformat.Rules{})
		if text(err) != failed || reasons(err) != why {
			t.Errorf("%s: %v, %s", file, err, reasons(err))
		}
	}
}

// qemu-img must not find an image where we see none.
func TestQemuImgSeesNoMore(t *testing.T) {
	all := samples(t)
	foreign := map[string]string{"vpc": "vhd", "qcow": "qcow2"}
	for _, name := range sorted(all) {
		path := filepath.Join(t.TempDir(), "sample")
		if err := os.WriteFile(path, all[name], 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "qemu-img", "info", "--output=json", path).Output()
		if err != nil {
			continue // it recognises the format and refuses the file
		}
		var info struct{ Format string }
		if err := json.Unmarshal(out, &info); err != nil {
			t.Fatal(err)
		}
		if f, ok := foreign[info.Format]; ok {
			info.Format = f
		}
		if info.Format == "raw" || name == "vhd-fixed" { // a fixed vhd is its disk with a footer
			continue
		}
		if got, err := detectFile(t, path).Detected(); err == nil && got != info.Format {
			t.Errorf("%s: %s to qemu-img, %s to us", name, info.Format, got)
		}
	}
}
