package imgformat

import "encoding/binary"

const (
	isoSector  = 2048
	isoOffset  = 16 * isoSector // the first 16 sectors may hold anything, a boot record for instance
	isoPrimary = 1              // type of the descriptor that knows the volume's size
)

// isoImage is an ISO 9660 or UDF volume.
type isoImage struct{ descriptor []byte }

func sniffISO([]byte) image { return &isoImage{} }

func (*isoImage) want() span { return span{isoOffset, isoSector} }

func (i *isoImage) take(data []byte, whole bool) span {
	if whole {
		i.descriptor = data
	}
	return span{}
}

func (i *isoImage) report(int64) (report, bool) {
	d := i.descriptor
	if d == nil {
		return report{}, false
	}
	switch string(d[1:6]) {
	case "CD001", "NSR02", "NSR03":
	default:
		return report{}, false
	}
	if d[0] != isoPrimary {
		return report{}, true
	}
	blocks, blockLen := binary.LittleEndian.Uint32(d[80:]), binary.LittleEndian.Uint16(d[128:])
	return report{virtualSize: int64(blocks) * int64(blockLen)}, true
}
