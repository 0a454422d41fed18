package imgformat_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"glance/internal/imgformat"
)

// check holds what is true of any file: its verdict does not depend on how it is read, refusals are typed and worded
// as specified, and sizes are positive.
func check(t *testing.T, data []byte, chunk uint16) {
	t.Helper()
	v := whole(data)
	want := outcome(v)
	if got := outcome(inspect(data, int(chunk)+1)); got != want {
		t.Errorf("in chunks of %d:\n%swant:\n%s", int(chunk)+1, got, want)
	}
	if d, err := imgformat.Detect(bytes.NewReader(data), int64(len(data))); err != nil || outcome(d) != want {
		t.Errorf("detect, error %v:\n%swant:\n%s", err, outcome(d), want)
	}
	if name, err := v.Detected(); err == nil && !imgformat.Inspectable(name) {
		t.Errorf("detected %q", name)
	}
	for _, declared := range []string{"raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks", "ami"} {
		j, err := v.Judge(declared, imgformat.Rules{})
		_, laxErr := v.Judge(declared, imgformat.Rules{AllowMismatch: true})
		if err == nil && laxErr != nil {
			t.Errorf("%s: fine, but not when less is asked: %v", declared, laxErr)
		}
		if j.VirtualSize != nil && *j.VirtualSize <= 0 {
			t.Errorf("%s: virtual size %d", declared, *j.VirtualSize)
		}
		checkError(t, declared, err)
		checkError(t, declared, laxErr)
	}
}

func checkError(t *testing.T, declared string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var refused *imgformat.Error
	if !errors.As(err, &refused) {
		t.Fatalf("untyped error %v", err)
	}
	if (refused.Reason == imgformat.Unsafe) != (len(refused.Failures) > 0) {
		t.Errorf("reason %d with failures %v", refused.Reason, refused.Failures)
	}
	known := []string{failed, incomplete, unreadable}
	if s := err.Error(); !slices.Contains(known, s) && !strings.HasPrefix(s, mismatch(declared, "")) &&
		!strings.HasPrefix(s, "Multiple formats detected: ") {
		t.Errorf("text %q", s)
	}
}

// fuzz mutates whole files. The format's samples are the seeds.
func fuzz(f *testing.F, families ...string) {
	all := samples(f, families...)
	for _, name := range sorted(all) {
		f.Add(all[name], uint16(511))
	}
	f.Fuzz(check)
}

func FuzzRaw(f *testing.F)   { fuzz(f, "raw") }
func FuzzQcow2(f *testing.F) { fuzz(f, "qcow2") }
func FuzzQED(f *testing.F)   { fuzz(f, "qed") }
func FuzzVHD(f *testing.F)   { fuzz(f, "vhd") }
func FuzzVMDK(f *testing.F)  { fuzz(f, "vmdk") }
func FuzzVDI(f *testing.F)   { fuzz(f, "vdi") }
func FuzzGPT(f *testing.F)   { fuzz(f, "gpt") }
func FuzzLUKS(f *testing.F)  { fuzz(f, "luks") }

// FuzzISO mutates the boot sector and the volume descriptor; between them lie 32 KiB that nobody reads.
func FuzzISO(f *testing.F) {
	const volume = 32768
	all := samples(f, "iso")
	for _, name := range sorted(all) {
		f.Add(all[name][:1024], all[name][volume:], uint16(4095))
	}
	f.Fuzz(func(t *testing.T, boot, descriptor []byte, chunk uint16) {
		data := append(make([]byte, volume), descriptor...)
		copy(data[:volume], boot)
		check(t, data, chunk)
	})
}

// FuzzVHDX mutates the tables; nothing else of the file is read.
func FuzzVHDX(f *testing.F) {
	const regions, metadata = 192 << 10, 512 << 10
	all := samples(f, "vhdx")
	for _, name := range sorted(all) {
		if data := all[name]; len(data) > metadata {
			f.Add(data[regions:regions+96], data[metadata:metadata+96], uint16(4095))
		}
	}
	f.Fuzz(func(t *testing.T, regionTable, metadataTable []byte, chunk uint16) {
		data := make([]byte, metadata+80<<10)
		copy(data, "vhdxfile")
		copy(data[regions:], regionTable)
		copy(data[metadata:], metadataTable)
		check(t, data, chunk)
	})
}
