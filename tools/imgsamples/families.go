package main

import (
	"encoding/binary"
	"slices"
	"strings"
)

// families are the samples by file name.
func families() map[string][]*sample {
	return map[string][]*sample{
		"raw":   raw(),
		"qcow2": qcow2(),
		"qed":   {newSample("qed", 512).at(0, []byte("QED\x00"), le32(65536))},
		"vhd":   vhd(),
		"vhdx":  vhdx(),
		"vmdk":  slices.Concat(vmdk(), vmdkStream(), vmdkText()),
		"vdi":   {newSample("vdi", 1024).at(0, []byte("<<< made by hand >>>\n")).at(0x40, le32(0xBEDA107F)).at(0x170, le64(3<<20))},
		"iso":   iso(),
		"gpt":   gpt(),
		"luks":  luks(),
	}
}

func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
func le16(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
func le64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func raw() []*sample {
	return []*sample{newSample("raw-empty", 0), newSample("raw-zeros", 4096), newSample("raw-text", 80).at(0, []byte(strings.Repeat("neither disk nor descriptor\n", 3)))}
}

func qcow2() []*sample {
	v3 := newSample("qcow2", 1024).at(0, []byte("QFI\xfb"), be32(3), be64(0), be32(0), be32(16), be64(4<<20)).
		at(100, be32(104))
	v2 := v3.as("qcow2-v2").at(4, be32(2)).at(100, be32(0))
	return []*sample{
		v3,
		v2,
		v3.as("qcow2-harmless-features").at(72, be64(1<<0|1<<1|1<<3)),
		v3.as("qcow2-v1").at(4, be32(1)),
		v3.as("qcow2-v4").at(4, be32(4)),
		v3.as("qcow2-backing").at(8, be64(512), be32(11)).at(512, []byte("/etc/passwd")),
		v3.as("qcow2-data-file").at(72, be64(1<<2)).at(104, be32(0x44415441), be32(11), []byte("/etc/passwd")),
		v2.as("qcow2-v2-data-file").at(72, be64(1<<2)),
		v3.as("qcow2-extended-l2").at(72, be64(1<<4)),
		v3.as("qcow2-last-feature").at(72, be64(1<<63)),
		v2.as("qcow2-v2-no-features").at(72, be64(1<<63)),
		v3.as("qcow2-huge").at(24, be64(1<<63)),
		v3.as("qcow2-no-size").at(24, be64(0)),
		v3.cut("qcow2-511-bytes", 511),
	}
}

func vhd() []*sample {
	footer := [][]byte{[]byte("conectix"), be32(2), be32(0x10000), be64(512), be32(0), []byte("hand"), be32(0), be32(0), be64(4212736)}
	dynamic := newSample("vhd", 1536).at(0, footer...).at(512, []byte("cxsparse"))
	return []*sample{
		dynamic,
		newSample("vhd-fixed", 1536).at(1024, footer...),
		dynamic.cut("vhd-100-bytes", 100),
	}
}

func luks() []*sample {
	v1 := newSample("luks", 8192).at(0, []byte("LUKS\xba\xbe"), be16(1), []byte("aes")).
		at(40, []byte("xts-plain64")).at(72, []byte("sha256")).at(104, be32(8), be32(64))
	return []*sample{
		v1,
		v1.as("luks2").at(6, be16(2)),
		v1.as("luks-without-payload").at(104, be32(4096)),
		v1.cut("luks-591-bytes", 591),
	}
}

func gpt() []*sample {
	const table = 446
	sector := newSample("", 1024).at(510, le16(0xAA55))
	entry := func(boot, kind byte, chs []byte, start uint32) []byte {
		return slices.Concat([]byte{boot}, chs, []byte{kind, 0xff, 0xff, 0xff}, le32(start), le32(2048))
	}
	chs := []byte{0, 2, 0}
	protective, linux := entry(0, 0xEE, chs, 1), entry(0x80, 0x83, []byte{0x20, 0x21, 0}, 2048)
	none := make([]byte, 16)
	return []*sample{
		sector.as("gpt").at(table, protective).at(512, []byte("EFI PART")),
		sector.as("mbr").at(table, linux),
		sector.as("mbr-last-entry").at(table, none, none, none, linux),
		sector.as("mbr-without-partitions"),
		sector.as("mbr-boot-flag").at(table, linux, none, entry(0x7f, 0, none[:3], 0)),
		sector.as("gpt-hybrid").at(table, protective, linux),
		sector.as("gpt-second").at(table, none, protective),
		sector.as("gpt-chs").at(table, entry(0, 0xEE, []byte{0, 1, 0}, 1)),
		sector.as("gpt-lba").at(table, entry(0, 0xEE, chs, 2)),
		sector.as("fat").at(0, []byte("\xeb\x3c\x90mkfs.fat")).at(0x10, []byte{2}).at(0x15, []byte{0xF8}),
		sector.cut("mbr-511-bytes", 511),
	}
}

func iso() []*sample {
	const volume = 32768
	primary := newSample("iso", volume+2048).at(volume, []byte("\x01CD001\x01")).
		at(volume+80, le32(20)).at(volume+128, le16(2048))
	partition := gptSample("mbr")
	return []*sample{
		primary,
		primary.as("iso-udf").at(volume, []byte("\x00NSR03\x01")),
		primary.as("iso-nsr02").at(volume, []byte("\x00NSR02\x01")),
		primary.as("iso-with-mbr").at(446, partition.data[446:512]),
		primary.as("iso-with-bad-mbr").at(446, gptSample("mbr-boot-flag").data[446:512]),
		primary.as("iso-with-qcow2").at(0, qcow2()[0].data),
		primary.as("iso-with-qcow2-backing").at(0, pick(qcow2(), "qcow2-backing").data),
		primary.as("iso-with-vmdk").at(0, vmdk()[0].data),
		primary.as("iso-with-qcow2-and-mbr").at(0, qcow2()[0].data[:446], partition.data[446:512]),
		primary.cut("iso-34815-bytes", volume+2047),
	}
}

func gptSample(name string) *sample { return pick(gpt(), name) }

func pick(samples []*sample, name string) *sample {
	return samples[slices.IndexFunc(samples, func(s *sample) bool { return s.name == name })]
}
