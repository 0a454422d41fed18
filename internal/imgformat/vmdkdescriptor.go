package imgformat

import (
	"bytes"
	"strings"
)

const (
	vmdkNoDescriptor  = "No descriptor found"
	vmdkBadDescriptor = "Invalid VMDK descriptor data"

	vmdkTypeMax = 63 // length of a createType
)

// vmdkDescriptor is the text that says which files a disk consists of.
type vmdkDescriptor struct {
	text       []byte // lower case
	typed      bool   // there is a createType
	createType string // lower case
	doubtful   bool   // there are others, or what looks like one
}

// parseVMDKDescriptor reads the text up to the first NUL. It is false if that is no ASCII. It turns data to lower case:
// the text has no case, and a copy of a megabyte is to be saved.
func parseVMDKDescriptor(data []byte) (vmdkDescriptor, bool) {
	text, _, _ := bytes.Cut(data, []byte{0})
	for i, c := range text {
		if c >= 0x80 {
			return vmdkDescriptor{}, false
		}
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	d := vmdkDescriptor{text: text}
	for rest := text; ; {
		var found bool
		if _, rest, found = bytes.Cut(rest, []byte(`createtype="`)); !found {
			return d, true
		}
		end := bytes.IndexByte(rest[:min(len(rest), vmdkTypeMax+1)], '"')
		switch {
		case end < 0:
			d.doubtful = true
		case !d.typed:
			d.typed, d.createType = true, string(rest[:end])
		default:
			d.doubtful = d.doubtful || string(rest[:end]) != d.createType
		}
	}
}

// supported says whether the disk's data lies in this very file. Readers do not agree which of several types counts.
func (d vmdkDescriptor) supported() bool {
	return !d.doubtful && (d.createType == "monolithicsparse" || d.createType == "streamoptimized")
}

// fault says what makes the descriptor unsafe, empty if nothing does. Only lines we understand are accepted.
func (d vmdkDescriptor) fault() string {
	if len(d.text) == 0 {
		return vmdkNoDescriptor
	}
	if !d.supported() {
		return "Unsupported subformat"
	}
	extents, outside := false, false
	for line := range bytes.SplitSeq(d.text, []byte{'\n'}) {
		line = bytes.Trim(line, whiteSpace)
		key, _, field := bytes.Cut(line, []byte{'='})
		word, _, _ := bytes.Cut(line, []byte{' '})
		switch {
		case len(line) == 0, line[0] == '#', bytes.HasPrefix(line, []byte("ddb")):
		case field && bytes.IndexByte(key, ' ') < 0:
		case string(word) == "rw", string(word) == "rdonly", string(word) == "noaccess":
			extents = true
			outside = outside || bytes.IndexByte(line, '/') >= 0
		default:
			return vmdkBadDescriptor
		}
	}
	switch {
	case outside:
		return "Invalid extent filenames found"
	case !extents:
		return "No extents found"
	}
	return ""
}

// whiteSpace is the original's notion of it, which includes the ASCII separators.
const whiteSpace = " \t\n\v\f\r\x1c\x1d\x1e\x1f"

// isText says whether all bytes are printable ASCII or white space.
func isText(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && strings.IndexByte(whiteSpace, c) < 0 {
			return false
		}
	}
	return true
}
