package plugin

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"glance/internal/glance"
	"glance/internal/importflow"
)

// decompress unpacks data that came packed: image_decompression (spec import
// §8.2).
type decompress struct{}

// unpackers know their format by the bytes at an offset.
var unpackers = []struct {
	offset int
	magic  string
	open   func(*os.File, int64) (io.ReadCloser, error)
}{
	{0, "PK\x03\x04", openZip},
	{2, "-lh", openLHA},
	{0, "\x1f\x8b\x08", openGzip},
}

// Run leaves data alone that no packer made, and images whose container is
// meant to be packed.
func (decompress) Run(ctx context.Context, w *importflow.Work) error {
	if w.Image.ContainerFormat == "compressed" {
		return nil
	}
	packed, err := os.Open(w.Path)
	if err != nil {
		return err
	}
	defer packed.Close()
	head := make([]byte, 5)
	if n, err := packed.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else { //nolint:revive // n belongs to this test
		head = head[:n]
	}
	for _, u := range unpackers {
		if len(head) > u.offset && bytes.HasPrefix(head[u.offset:], []byte(u.magic)) {
			return unpack(ctx, w, packed, u.open)
		}
	}
	return nil
}

func unpack(ctx context.Context, w *importflow.Work, packed *os.File, open func(*os.File, int64) (io.ReadCloser, error)) error {
	info, err := packed.Stat()
	if err != nil {
		return err
	}
	src, err := open(packed, info.Size())
	if err != nil {
		return err
	}
	defer src.Close()
	name := w.Beside("uc")
	size, err := write(name, &bounded{ctx: ctx, r: src, left: w.SizeCap})
	if err == nil {
		err = os.Rename(name, w.Path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("unpack the data: %w", err), removed(name))
	}
	w.Change(func(img *glance.Image) { img.Size = &size })
	return nil
}

// write makes a file of what r gives.
func write(name string, r io.Reader) (size int64, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640) //nolint:gosec // beside the staged file
	if err != nil {
		return 0, err
	}
	size, err = io.CopyBuffer(f, struct{ io.Reader }{r}, make([]byte, 1<<20))
	return size, errors.Join(err, f.Close())
}

func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// bounded fails when more comes than an image may have, or when ctx ends: few
// packed bytes can be very many.
type bounded struct {
	ctx  context.Context //nolint:containedctx // the reader lives as long as one call
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("the unpacked data is larger than image_size_cap")
	}
	return n, err
}

func openGzip(f *os.File, size int64) (io.ReadCloser, error) {
	return gzip.NewReader(io.NewSectionReader(f, 0, size))
}

func openLHA(*os.File, int64) (io.ReadCloser, error) {
	return nil, errors.New("No lhafile available.")
}

// maxDirectory bounds what is read of an archive's directory. That of one file
// has at most three texts of 64 KiB.
const maxDirectory = 1 << 20

func openZip(f *os.File, size int64) (io.ReadCloser, error) {
	limit := &metered{ReaderAt: f, left: maxDirectory}
	archive, err := zip.NewReader(limit, size)
	if errors.Is(err, errDirectory) || err == nil && len(archive.File) != 1 {
		return nil, errors.New("Archive contains more than one file.")
	}
	if err != nil {
		return nil, err
	}
	limit.free = true
	return archive.File[0].Open()
}

var errDirectory = errors.New("the directory of the archive is too large")

// metered bounds how much is read until it is set free. It is for one goroutine.
type metered struct {
	io.ReaderAt
	left int64
	free bool
}

func (m *metered) ReadAt(p []byte, off int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 && !m.free {
		return 0, errDirectory
	}
	return m.ReaderAt.ReadAt(p, off)
}
