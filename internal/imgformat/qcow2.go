package imgformat

import (
	"bytes"
	"encoding/binary"
)

// qcow2Known are the incompatible features that may be set: dirty, corrupt, external data file (judged by its own
// check), compression type.
const (
	qcow2DataFile = 1 << 2
	qcow2Known    = 1<<4 - 1
)

// sniffQcow2 knows every version by its magic, so that an old one is refused and does not pass as raw.
func sniffQcow2(head []byte) image {
	if len(head) < sectorLen || !bytes.HasPrefix(head, []byte("QFI\xfb")) {
		return nil
	}
	return headOnly(func(int64) report {
		r := sized(binary.BigEndian.Uint64(head[24:]))
		if binary.BigEndian.Uint64(head[8:]) != 0 {
			r.fail("backing_file", "Image has a backing file")
		}
		features := binary.BigEndian.Uint64(head[72:])
		// Compat: tested in version 2 as well, whose header ends before the field (spec formats §5.1).
		if features&qcow2DataFile != 0 {
			r.fail("data_file", "Image has data_file set")
		}
		r.fail("unknown_features", qcow2Features(binary.BigEndian.Uint32(head[4:]), features))
		return r
	})
}

func qcow2Features(version uint32, features uint64) string {
	switch {
	case version != 2 && version != 3:
		return "Unsupported qcow2 version"
	case version == 3 && features&^qcow2Known != 0:
		return "Unknown QCOW2 features found"
	}
	return ""
}
