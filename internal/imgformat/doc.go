// Package imgformat tells which disk image format a stream of bytes has, how large the disk inside is, and whether the
// image is safe to hand to a hypervisor.
//
// An [Inspector] is written to while the image goes to its store; it looks at all formats at once. At the end its
// [Verdict] is compared with what the user declared:
//
//	in := imgformat.New()
//	io.Copy(io.MultiWriter(store, in), body)
//	got, err := in.Verdict().Judge(image.DiskFormat, imgformat.Rules{})
//
// A file at hand is read sparingly with [Detect] instead. Only images in container format "bare" are to be inspected.
//
// Promises: Write never fails and never keeps or changes its argument. Once every format is settled it costs one
// comparison; a vmdk that announces a footer is settled at its end only, and costs a copy of the last 1.5 KiB of every
// write. An inspector never allocates more than 2 MiB in its life, whatever the headers claim. How the stream is cut
// into writes does not matter for the verdict.
//
// The parsers trust nothing: every offset, length and count is the uploader's.
//
// To add a format write one file <name>.go with a sniff function (see format in formats.go), add a line to the list in
// formats.go, a Fuzz target with seeds, and samples in tools/imgsamples.
package imgformat
