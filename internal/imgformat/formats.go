package imgformat

import "math"

// headLen is how much of the start of the file every format is shown; luks needs the most.
const headLen = 592

// sectorLen is the sector of all formats that count in sectors, and the header length of most.
const sectorLen = 512

// A format knows one kind of image file.
type format struct {
	name string
	// sniff is shown the first headLen bytes of the file, fewer when the file is shorter. It returns nil when the file
	// cannot be of this format. It may keep head but must not change it.
	sniff func(head []byte) image
}

// formats is the list of all formats; its order is the order of names in error texts.
var formats = [...]format{
	{"raw", sniffRaw},
	{"qcow2", sniffQcow2},
	{"vhd", sniffVHD},
	{"vhdx", sniffVHDX},
	{"vmdk", sniffVMDK},
	{"vdi", sniffVDI},
	{"qed", sniffQED},
	{"iso", sniffISO},
	{"gpt", sniffGPT},
	{"luks", sniffLUKS},
}

// Inspectable says whether a disk_format is one this package recognises (raw included), so that content of another
// kind is a mismatch. Other formats (ami, ploop, an operator's own) pass as long as the content looks raw.
func Inspectable(diskFormat string) bool {
	for _, f := range &formats {
		if f.name == diskFormat {
			return true
		}
	}
	return false
}

// An image is one format's view of the file after the head. It asks for one stretch of the file at a time.
type image interface {
	// want is the first stretch needed beyond the head.
	want() span
	// take is given the stretch asked for and returns the next one. whole is false when the stream ended before the
	// stretch did; it is the last call then. The image owns data and may change it.
	take(data []byte, whole bool) span
	// report is asked for once, at the end of a stream of size bytes. It is false when the file proved not to be of
	// this format.
	report(size int64) (report, bool)
}

// A span is a stretch of the file. It must not start before the stretch taken last. The zero span wants nothing more.
type span struct {
	off int64 // fromEnd: the last len bytes of the file, not counting those taken already
	len int
}

const fromEnd = -1

// A report is what a format says of a file that is its own.
type report struct {
	virtualSize int64 // bytes; 0 or less: unknown
	incomplete  bool  // the file ends within what has to be read
	unreadable  bool  // there is a virtual size, but it cannot be told
	failures    []Failure
}

// headOnly is an image that needs nothing but the head.
type headOnly func(size int64) report

func (headOnly) want() span                         { return span{} }
func (headOnly) take([]byte, bool) span             { return span{} }
func (h headOnly) report(size int64) (report, bool) { return h(size), true }

// sized is the report of a virtual size read from the file.
func sized(n uint64) report {
	if n > math.MaxInt64 {
		return report{unreadable: true}
	}
	return report{virtualSize: int64(n)}
}

func (r *report) fail(check, reason string) {
	if reason != "" {
		r.failures = append(r.failures, Failure{Check: check, Reason: reason})
	}
}
