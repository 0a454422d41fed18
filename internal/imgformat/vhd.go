package imgformat

import (
	"bytes"
	"encoding/binary"
)

// sniffVHD knows dynamic and differencing disks, which start with a copy of the footer.
//
// Compat: a fixed disk has its footer at the end only and is raw to the original (spec formats §5.2).
func sniffVHD(head []byte) image {
	if !bytes.HasPrefix(head, []byte("conectix")) {
		return nil
	}
	return headOnly(func(int64) report {
		if len(head) < sectorLen {
			return report{incomplete: true}
		}
		return sized(binary.BigEndian.Uint64(head[40:]))
	})
}
