package imgformat

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

const (
	vmdkHeaderLen     = 64 // bytes of the sparse header that are used
	vmdkDescriptorMax = 1<<20 - 1
	vmdkFooterLen     = 3 * sectorLen // marker, header, end-of-stream marker
	vmdkFooterMarker  = 3
	vmdkAtEnd         = math.MaxUint64 // grain directory offset: look into the footer
)

// sniffVMDK knows sparse extents (KDMV) with their descriptor inside, and descriptors that are a file of their own.
func sniffVMDK(head []byte) image {
	if bytes.HasPrefix(head, []byte("KDMV")) {
		return sniffVMDKSparse(head)
	}
	text, _, padded := bytes.Cut(head[:min(len(head), sectorLen)], []byte{0})
	if len(head) < vmdkHeaderLen || !isText(text) {
		return nil
	}
	// The original takes text with zeros after it for raw. But that is how qemu leaves its descriptors behind, and it
	// finds them again.
	if padded {
		return &vmdkText{size: len(text)}
	}
	return &vmdkText{size: vmdkDescriptorMax}
}

func sniffVMDKSparse(head []byte) image {
	if len(head) < vmdkHeaderLen {
		return headOnly(func(int64) report { return report{incomplete: true} })
	}
	h := parseVMDKHeader(head)
	// Who bears the signature is a vmdk. One we cannot follow is refused rather than taken for raw: qemu follows the
	// descriptor offset wherever it points, and so would find extents that nobody has judged.
	if h.version < 1 || h.version > 3 || h.descriptorSector != 1 {
		return headOnly(func(int64) report {
			r := h.size()
			r.fail("descriptor", vmdkNoDescriptor)
			return r
		})
	}
	return &vmdkSparse{header: h}
}

// vmdkHeader is the part of a sparse extent's header that matters here. Footers hold another copy.
type vmdkHeader struct {
	signature         [4]byte
	version           uint32
	capacity          uint64 // sectors
	descriptorSector  uint64
	descriptorSectors uint64
	grainDirectory    uint64
}

func parseVMDKHeader(b []byte) vmdkHeader {
	le := binary.LittleEndian
	return vmdkHeader{
		signature:         [4]byte(b),
		version:           le.Uint32(b[4:]),
		capacity:          le.Uint64(b[12:]),
		descriptorSector:  le.Uint64(b[28:]),
		descriptorSectors: le.Uint64(b[36:]),
		grainDirectory:    le.Uint64(b[56:]),
	}
}

func (h vmdkHeader) size() report {
	if h.capacity > math.MaxInt64/sectorLen {
		return report{unreadable: true}
	}
	return sized(h.capacity * sectorLen)
}

// vmdkSparse is a file with a sparse header: monolithicSparse or streamOptimized, hopefully.
type vmdkSparse struct {
	header     vmdkHeader
	described  bool // the descriptor was taken, next is the footer
	supported  bool // the subformat is
	incomplete bool
	descriptor string // what is wrong with it
	footer     string // likewise
}

func (v *vmdkSparse) want() span {
	sectors := min(v.header.descriptorSectors, vmdkDescriptorMax/sectorLen+1)
	if sectors == 0 {
		return v.take(nil, true)
	}
	return span{sectorLen, min(int(sectors)*sectorLen, vmdkDescriptorMax)}
}

func (v *vmdkSparse) take(data []byte, whole bool) span {
	if v.described {
		v.footer = vmdkFooterFault(v.header, data, whole)
		return span{}
	}
	v.described = true
	// Even a descriptor cut short is judged: where incomplete files are tolerated, unsafe ones are not.
	v.incomplete = !whole
	d, ok := parseVMDKDescriptor(data)
	v.supported = ok && d.supported()
	v.descriptor = d.fault()
	if v.header.grainDirectory != vmdkAtEnd {
		return span{}
	}
	return span{fromEnd, vmdkFooterLen}
}

func (v *vmdkSparse) report(int64) (report, bool) {
	r := report{}
	if v.supported {
		r = v.header.size()
	}
	r.incomplete = v.incomplete
	r.fail("descriptor", v.descriptor)
	r.fail("footer", v.footer)
	return r, true
}

// vmdkFooterFault compares the footer, which overrules the header, with the header that was judged.
func vmdkFooterFault(header vmdkHeader, data []byte, whole bool) string {
	if !whole {
		return "Footer marker is invalid"
	}
	footer := parseVMDKHeader(data[sectorLen:])
	switch {
	case footer.signature != header.signature:
		return "Header and footer signature do not match"
	case footer.version != header.version:
		return "Header and footer versions do not match"
	case footer.descriptorSector != header.descriptorSector, footer.descriptorSectors != header.descriptorSectors:
		return "Footer specifies a different descriptor than header"
	case footer.grainDirectory == vmdkAtEnd:
		return "Footer indicates another footer"
	}
	var marker [sectorLen]byte // all zero: end of stream
	if !bytes.Equal(data[2*sectorLen:], marker[:]) {
		return "End-of-stream marker is invalid"
	}
	copy(marker[:8], data) // its value may be anything
	marker[12] = vmdkFooterMarker
	if !bytes.Equal(data[:sectorLen], marker[:]) {
		return "Footer marker is invalid"
	}
	return ""
}

// vmdkText is a file of nothing but text so far, which is a vmdk if it names a type.
type vmdkText struct {
	size       int // of the text at most
	descriptor vmdkDescriptor
	text       bool
	fault      string
}

func (v *vmdkText) want() span { return span{0, v.size} }

func (v *vmdkText) take(data []byte, _ bool) span {
	v.descriptor, v.text = parseVMDKDescriptor(data)
	v.fault = v.descriptor.fault()
	v.descriptor.text = nil
	return span{}
}

func (v *vmdkText) report(int64) (report, bool) {
	if !v.text || !v.descriptor.typed {
		return report{}, false
	}
	// The size would be in a sparse header. Subformats that have none at all have no size to miss.
	r := report{unreadable: v.descriptor.supported()}
	r.fail("descriptor", v.fault)
	return r, true
}

// VMDKTypeFault says why a vmdk of this subformat may not be converted, given the configured vmdk_allowed_types; empty
// if it may. createType is what qemu-img reports, empty if it reports none.
func VMDKTypeFault(createType string, allowed []string) string {
	if createType == "" {
		return "Unable to determine VMDK create-type"
	}
	if len(allowed) == 0 {
		return "Image is a VMDK, but no VMDK createType is specified"
	}
	if !slices.Contains(allowed, createType) {
		return "Invalid VMDK create-type specified"
	}
	return ""
}
