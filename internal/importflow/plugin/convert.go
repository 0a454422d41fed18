package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"glance/internal/glance"
	"glance/internal/imgformat"
	"glance/internal/importflow"
)

// Conversion is what the operator chose about image_conversion.
type Conversion struct {
	To          string   // output_format; empty only looks at the image
	VMDKTypes   []string // vmdk_allowed_types
	GPTNonFatal []string // gpt_safety_checks_nonfatal
	Program     string   // qemu-img; empty looks for it
}

// convert brings images into the format of the installation: image_conversion
// (spec import §8.3). What qemu-img is given was inspected before, and again
// when it is done.
type convert struct{ Conversion }

// The errors of images that are not converted, as the original words them.
var (
	errDisallowed   = errors.New("Image has disallowed configuration")
	errUndetected   = errors.New("Image format detection failed")
	errUninspected  = errors.New("Unable to inspect image")
	errMismatch     = errors.New("Image format mismatch")
	errDisagrees    = errors.New("Image metadata disagrees about format")
	errBacking      = errors.New("QCOW images with backing files are not allowed")
	errDataFile     = errors.New("QCOW images with data-file set are not allowed")
	errNoType       = errors.New("Unable to determine VMDK create-type")
	errNoTypes      = errors.New("Image is a VMDK, but no VMDK createType is specified")
	errType         = errors.New("Invalid VMDK create-type specified")
	errUnexpected   = errors.New("Converted image in unexpected format")
	errTooLargeDisk = errors.New("the disk inside the image is larger than image_size_cap")
)

// Run converts the file unless it has the wanted format.
func (c convert) Run(ctx context.Context, w *importflow.Work) error {
	declared := w.Image.DiskFormat
	detected, err := c.inspect(w.Path)
	switch {
	case err != nil:
		return err
	case detected == "iso" && declared == "iso":
		return nil
	case detected == "iso":
		return errDisallowed
	case detected != declared:
		return errMismatch
	}
	about, err := c.info(ctx, w.Path, declared)
	if err != nil {
		return err
	}
	if err := c.check(about, declared); err != nil {
		return err
	}
	virtual := about.VirtualSize
	w.Change(func(img *glance.Image) { img.VirtualSize = &virtual })
	if c.To == "" || declared == c.To {
		return nil
	}
	if virtual > w.SizeCap {
		return errTooLargeDisk
	}
	return c.convert(ctx, w, declared)
}

// inspect gives the format of a file that is safe to hand on.
func (c convert) inspect(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the staged file
	if err != nil {
		return "", errors.Join(errUninspected, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", errors.Join(errUninspected, err)
	}
	verdict, err := imgformat.Detect(f, info.Size())
	if err != nil {
		return "", errors.Join(errUninspected, err)
	}
	format, err := verdict.Detected()
	if err != nil {
		return "", errors.Join(errUndetected, err)
	}
	if err := verdict.Safe(c.GPTNonFatal); err != nil {
		return "", errors.Join(errDisallowed, err)
	}
	if format == "gpt" {
		format = "raw"
	}
	return format, nil
}

// about is what qemu-img says of a file.
type about struct {
	Format      string          `json:"format"`
	VirtualSize int64           `json:"virtual-size"`
	Backing     json.RawMessage `json:"backing-filename"`
	Specific    struct {
		Data struct {
			DataFile   json.RawMessage `json:"data-file"`
			CreateType *string         `json:"create-type"`
		} `json:"data"`
	} `json:"format-specific"`
}

func (c convert) info(ctx context.Context, path, format string) (about, error) {
	// Compat: the limits of the original: two seconds and one GiB.
	out, err := c.run(ctx, "ulimit -t 2; ulimit -v 1048576; ", "info", "-f", format, "--output=json", path)
	if err != nil {
		return about{}, err
	}
	var a about
	if err := json.Unmarshal(out, &a); err != nil {
		return about{}, fmt.Errorf("read what qemu-img says: %w", err)
	}
	if a.Format != format {
		return about{}, errDisagrees
	}
	return a, nil
}

func (c convert) check(a about, format string) error {
	data := a.Specific.Data
	switch {
	case a.Backing != nil:
		return errBacking
	case data.DataFile != nil:
		return errDataFile
	case format != "vmdk":
		return nil
	case data.CreateType == nil:
		return errNoType
	case len(c.VMDKTypes) == 0:
		return errNoTypes
	case !slices.Contains(c.VMDKTypes, *data.CreateType):
		return errType
	}
	return nil
}

// convert puts the converted file in the place of the other.
func (c convert) convert(ctx context.Context, w *importflow.Work, from string) (err error) {
	name := w.Beside(c.To)
	defer func() { err = errors.Join(err, removed(name)) }()
	if _, err := c.run(ctx, "", "convert", "-f", from, "-O", c.To, w.Path, name); err != nil {
		return err
	}
	switch format, err := c.inspect(name); {
	case err != nil:
		return err
	case format != c.To:
		return errUnexpected
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if err := os.Rename(name, w.Path); err != nil {
		return err
	}
	size := info.Size()
	w.Change(func(img *glance.Image) { img.DiskFormat, img.ContainerFormat, img.Size = c.To, "bare", &size })
	return nil
}

// run runs qemu-img after a preparation of the shell. Whatever it says on
// standard error is an error.
func (c convert) run(ctx context.Context, prepare string, args ...string) ([]byte, error) {
	program := c.Program
	if program == "" {
		program = "qemu-img"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("image_conversion needs the program qemu-img: %w", err)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", prepare + `exec "$@"`, "sh", path}, args...)...) //nolint:gosec // the program is fixed, arguments are no text of the shell
	cmd.Env = []string{"LC_ALL=C", "LANG=C", "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &head{&out, 1 << 20}, &head{&complaint, 4 << 10}
	err = cmd.Run()
	if err == nil && complaint.Len() > 0 {
		err = errors.New("it complains")
	}
	if err != nil {
		return nil, fmt.Errorf("qemu-img %s: %w: %s", args[0], err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.Bytes(), nil
}

// head keeps the beginning of what is written.
type head struct {
	to   *bytes.Buffer
	most int
}

func (h *head) Write(p []byte) (int, error) {
	h.to.Write(p[:min(len(p), h.most-h.to.Len())])
	return len(p), nil
}
