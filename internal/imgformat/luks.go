package imgformat

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// sniffLUKS knows both versions by their common magic, to refuse version 2. There is no passphrase, so what is
// encrypted is not looked at.
func sniffLUKS(head []byte) image {
	if !bytes.HasPrefix(head, []byte("LUKS\xba\xbe")) {
		return nil
	}
	return headOnly(func(size int64) report {
		if len(head) < headLen {
			return report{incomplete: true}
		}
		payload := int64(binary.BigEndian.Uint32(head[104:])) * sectorLen
		r := report{virtualSize: size - payload}
		if version := int16(binary.BigEndian.Uint16(head[6:])); version != 1 {
			r.fail("version", fmt.Sprintf("LUKS version %d is not supported", version))
		}
		return r
	})
}
