package imgformat

import "encoding/binary"

func sniffVDI(head []byte) image {
	if len(head) < sectorLen || binary.LittleEndian.Uint32(head[0x40:]) != 0xBEDA107F {
		return nil
	}
	return headOnly(func(int64) report { return sized(binary.LittleEndian.Uint64(head[0x170:])) })
}
