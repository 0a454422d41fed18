package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/importflow"
	"glance/internal/importflow/plugin"
)

// tool makes a program that answers like qemu-img: info with what it says of an
// image, convert by writing a text.
func tool(t *testing.T, info, converted, complaint string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"info": info, "converted": converted} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\nprintf '%s' '" + complaint + "' >&2\n" +
		"case $1 in info) cat '" + dir + "/info';; convert) for last; do :; done; cat '" + dir + "/converted' > \"$last\";; esac\n"
	path := filepath.Join(dir, "qemu-img")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return path
}

// qcow2 is the head of a disk of 64 KiB.
func qcow2() string {
	b := make([]byte, 512)
	copy(b, "QFI\xfb\x00\x00\x00\x03")
	b[29] = 1 // 64 KiB, big endian at 24
	return string(b)
}

func backed() string { return qcow2()[:15] + "\x01" + qcow2()[16:] }

const raw = "a raw disk"

func TestConvert(t *testing.T) {
	const good = `{"format": "qcow2", "virtual-size": 65536}`
	tests := []struct {
		name, declared, data, info, converted string
		complaint, want, err                  string
	}{
		{"converted", "qcow2", qcow2(), good, raw, "", raw, ""},
		{"right already", "raw", raw, `{"format": "raw", "virtual-size": 10}`, "", "", raw, ""},
		{"backing file", "qcow2", backed(), good, raw, "", "", "Image has disallowed configuration"},
		{"other format", "vdi", qcow2(), good, raw, "", "", "Image format mismatch"},
		{"raw is claimed", "raw", qcow2(), good, raw, "", "", "Image format mismatch"},
		{"qemu-img sees another format", "qcow2", qcow2(), `{"format": "raw"}`, raw, "", "", "Image metadata disagrees about format"},
		{"qemu-img sees a backing file", "qcow2", qcow2(), `{"format": "qcow2", "backing-filename": "/etc/passwd"}`, raw, "", "", "QCOW images with backing files are not allowed"},
		{
			"qemu-img sees a data file", "qcow2", qcow2(), `{"format": "qcow2", "format-specific": {"data": {"data-file": "/x"}}}`, raw, "", "",
			"QCOW images with data-file set are not allowed",
		},
		{"qemu-img complains", "qcow2", qcow2(), good, raw, "oh no", "", "oh no"},
		{"no JSON", "qcow2", qcow2(), "oops", raw, "", "", "read what qemu-img says"},
		{"too large inside", "qcow2", qcow2(), `{"format": "qcow2", "virtual-size": 1048577}`, raw, "", "", "larger than image_size_cap"},
		{"result is no raw disk", "qcow2", qcow2(), good, qcow2(), "", "", "Converted image in unexpected format"},
		{"result is dangerous", "qcow2", qcow2(), good, backed(), "", "", "Image has disallowed configuration"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := work(t, tt.data)
			w.Image.DiskFormat, w.Image.ContainerFormat = tt.declared, "ovf"
			err := convert(t, w, plugin.Conversion{To: "raw", Program: tool(t, tt.info, tt.converted, tt.complaint)})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v", err)
				}
				wantFile(t, w, tt.data)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantFile(t, w, tt.want)
			img := w.Image
			if img.VirtualSize == nil || img.DiskFormat != "raw" {
				t.Errorf("image is %+v", img)
			}
			if tt.declared != "raw" && (*img.VirtualSize != 65536 || img.ContainerFormat != "bare" || img.Size == nil || *img.Size != int64(len(raw))) {
				t.Errorf("image is %+v", img)
			}
		})
	}
}

func convert(t *testing.T, w *importflow.Work, c plugin.Conversion) error {
	t.Helper()
	return run(t, w, "image_conversion", plugin.Options{Convert: c})
}

// TestConvertISO: a CD stays as it is, but only as one.
func TestConvertISO(t *testing.T) {
	b := make([]byte, 40<<10)
	copy(b[32769:], "CD001")
	for declared, text := range map[string]string{"iso": "", "raw": "Image has disallowed configuration"} {
		w := work(t, string(b))
		w.Image.DiskFormat = declared
		err := convert(t, w, plugin.Conversion{To: "qcow2", Program: tool(t, "", "", "not to be called")})
		if (err == nil) != (text == "") || err != nil && err.Error() != text {
			t.Errorf("%s: %v", declared, err)
		}
	}
}

// TestConvertMissing says what is missing.
func TestConvertMissing(t *testing.T) {
	w := work(t, qcow2())
	w.Image.DiskFormat = "qcow2"
	err := convert(t, w, plugin.Conversion{To: "raw", Program: filepath.Join(t.TempDir(), "qemu-img")})
	if err == nil || !strings.Contains(err.Error(), "image_conversion needs the program qemu-img") {
		t.Errorf("got %v", err)
	}
	wantFile(t, w, qcow2())
}
