package imgformat

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	mbrTable      = 446
	mbrEntryLen   = 16
	mbrEntries    = 4
	mbrProtective = 0xEE // partition type that covers a GPT disk
)

// sniffGPT knows any disk with a master boot record; "gpt" stands for all of them.
func sniffGPT(head []byte) image {
	if len(head) < sectorLen || binary.LittleEndian.Uint16(head[510:]) != 0xAA55 {
		return nil
	}
	// A FAT file system ends its first sector alike. Two FATs on a fixed disk tell it apart.
	if head[0x10] == 2 && head[0x15] == 0xF8 {
		return nil
	}
	return headOnly(func(size int64) report {
		r := report{virtualSize: size}
		r.fail("mbr", mbrFault(head[mbrTable:]))
		return r
	})
}

// mbrFault says what is wrong with a partition table: foreign code may sit in a boot record that no partitioning tool
// would write. A protective entry has to be the only one, and first.
func mbrFault(table []byte) string {
	used, protective := 0, false
	for i := range mbrEntries {
		entry := table[i*mbrEntryLen:][:mbrEntryLen]
		if boot := entry[0]; boot != 0 && boot != 0x80 {
			return fmt.Sprintf("MBR PTE %d has invalid boot flag", i)
		}
		kind := entry[4]
		if kind != 0 {
			used |= 1 << i
		}
		if kind != mbrProtective {
			continue
		}
		protective = true
		if !bytes.Equal(entry[1:4], []byte{0, 2, 0}) {
			return "GPT MBR has invalid start CHS"
		}
		if binary.LittleEndian.Uint32(entry[8:]) != 1 {
			return "GPT MBR has invalid start LBA"
		}
	}
	switch {
	case protective && used != 1:
		return "GPT MBR defines invalid extra partitions"
	case used == 0:
		return "GPT MBR has no partitions defined"
	}
	return ""
}
