package imgformat

import (
	"bytes"
	"encoding/binary"
	"math"
)

const (
	vhdxTableOffset = 192 << 10
	vhdxTableLen    = 64 << 10
	vhdxMaxEntries  = 2047
	vhdxEntryLen    = 32
	vhdxSizeLen     = 8

	// GUIDs as they lie in the file.
	vhdxMetadataGUID = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e" // 8B7CA206-4790-4B9A-B8FE-575F050F886E
	vhdxDiskSizeGUID = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8" // 2FA54224-CD1B-4876-B211-5DBED83BF4B8
)

// vhdxImage follows region table -> metadata table -> virtual disk size.
type vhdxImage struct {
	// read takes the stretch that is awaited.
	read       func(data []byte) span
	metadata   int64 // offset of the metadata region
	size       uint64
	incomplete bool
	foreign    bool
}

func sniffVHDX(head []byte) image {
	if !bytes.HasPrefix(head, []byte("vhdxfile")) {
		return nil
	}
	v := &vhdxImage{}
	v.read = v.readRegions
	return v
}

func (*vhdxImage) want() span { return span{vhdxTableOffset, vhdxTableLen} }

func (v *vhdxImage) take(data []byte, whole bool) span {
	if !whole {
		v.incomplete = true
		return span{}
	}
	return v.read(data)
}

func (v *vhdxImage) report(int64) (report, bool) {
	r := sized(v.size)
	r.incomplete = v.incomplete
	return r, !v.foreign
}

func (v *vhdxImage) readRegions(table []byte) span {
	count := binary.LittleEndian.Uint32(table[8:])
	if !bytes.HasPrefix(table, []byte("regi")) || count > vhdxMaxEntries {
		v.foreign = true
		return span{}
	}
	entry := vhdxFind(table[16:], int(count), vhdxMetadataGUID)
	if entry == nil {
		return span{}
	}
	// Half the range leaves room to add an item's offset; no file reaches there anyhow.
	v.metadata = int64(min(binary.LittleEndian.Uint64(entry[16:]), math.MaxInt64/2))
	v.read = v.readMetadata
	return span{v.metadata, vhdxTableLen}
}

func (v *vhdxImage) readMetadata(table []byte) span {
	count := binary.LittleEndian.Uint16(table[10:])
	if !bytes.HasPrefix(table, []byte("metadata")) || count > vhdxMaxEntries {
		v.foreign = true
		return span{}
	}
	entry := vhdxFind(table[vhdxEntryLen:], int(count), vhdxDiskSizeGUID)
	if entry == nil {
		return span{}
	}
	v.read = v.readSize
	return span{v.metadata + int64(binary.LittleEndian.Uint32(entry[16:])), vhdxSizeLen}
}

func (v *vhdxImage) readSize(item []byte) span {
	v.size = binary.LittleEndian.Uint64(item)
	return span{}
}

// vhdxFind returns the first of count entries that bears guid, or nil. Both tables hold vhdxMaxEntries at most.
func vhdxFind(entries []byte, count int, guid string) []byte {
	for i := range count {
		if e := entries[i*vhdxEntryLen:][:vhdxEntryLen]; string(e[:len(guid)]) == guid {
			return e
		}
	}
	return nil
}
