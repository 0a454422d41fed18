package main

import "strings"

const (
	sector = 512
	sparse = "# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicSparse\"\nRW 8192 SPARSE \"d.vmdk\"\nddb.adapterType = \"ide\"\n"
)

// flat is a descriptor of the kind that names any file.
func flat(descriptor string) string {
	return strings.NewReplacer("monolithicSparse", "monolithicFlat", `SPARSE "d.vmdk"`, `FLAT "/etc/passwd" 0`).Replace(descriptor)
}

// sparseFile is a vmdk with its descriptor inside.
func sparseFile(name, descriptor string) *sample {
	return newSample(name, 4*sector).
		at(0, []byte("KDMV"), le32(1), le32(3), le64(8192), le64(128), le64(1), le64(3), le32(512), le64(21), le64(26)).
		at(sector, []byte(descriptor))
}

func vmdk() []*sample {
	good := sparseFile("vmdk", sparse)
	with := func(name, old, replacement string) *sample {
		return sparseFile(name, strings.Replace(sparse, old, replacement, 1))
	}
	return []*sample{
		good,
		with("vmdk-any-case", "createType", "CREATETYPE"),
		with("vmdk-rdonly", "RW ", "RDONLY "),
		sparseFile("vmdk-flat", flat(sparse)),
		with("vmdk-path", "d.vmdk", "../d.vmdk"),
		with("vmdk-no-extents", "RW 8192", "#"),
		with("vmdk-odd-line", "RW 8192", "RX 8192"),
		with("vmdk-blank-before-equals", "version=1", "version =1"),
		with("vmdk-not-ascii", "Disk", "D\xefsk"),
		with("vmdk-no-type", "createType", "type"),
		with("vmdk-long-type", "monolithicSparse", "monolithicSparse"+strings.Repeat("e", 48)),
		with("vmdk-open-type", "createType=\"monolithicSparse\"\nRW 8192 SPARSE \"d.vmdk\"", "createType=\"monolithicSparse"),
		with("vmdk-two-types", "RW", "createType=\"monolithicFlat\"\nRW"),
		good.as("vmdk-version-4").at(4, le32(4)),
		good.as("vmdk-descriptor-elsewhere").at(28, le64(2)),
		good.as("vmdk-no-descriptor").at(36, le64(0)),
		good.as("vmdk-huge").at(12, le64(1<<55)),
		good.as("vmdk-long-descriptor").at(36, le64(1<<60)),
		sparseFile("vmdk-long-bad-descriptor", flat(sparse)).at(36, le64(1<<60)),
		good.cut("vmdk-63-bytes", 63),
		good.cut("vmdk-300-bytes", 300),
	}
}

// vmdkStream are files written in one go, whose footer overrules the header.
func vmdkStream() []*sample {
	const footer = 4 * sector
	good := newSample("vmdk-stream", 7*sector)
	copy(good.data, sparseFile("", strings.Replace(sparse, "monolithicSparse", "streamOptimized", 1)).data)
	good.at(56, le64(1<<64-1))
	good.at(footer, le64(1), le32(0), le32(3)).at(footer+sector, good.data[:64]).at(footer+sector+56, le64(26))
	return []*sample{
		good,
		good.as("vmdk-stream-signature").at(footer+sector, []byte("VMDK")),
		good.as("vmdk-stream-version").at(footer+sector+4, le32(3)),
		good.as("vmdk-stream-descriptor-offset").at(footer+sector+28, le64(9)),
		good.as("vmdk-stream-descriptor-size").at(footer+sector+36, le64(9)),
		good.as("vmdk-stream-footer-again").at(footer+sector+56, le64(1<<64-1)),
		good.as("vmdk-stream-marker-size").at(footer+8, le32(1)),
		good.as("vmdk-stream-marker-type").at(footer+12, le32(2)),
		good.as("vmdk-stream-marker-tail").at(footer+511, []byte{1}),
		good.as("vmdk-stream-end").at(footer+2*sector+12, le32(1)),
		good.cut("vmdk-stream-cut", 5*sector),
	}
}

// vmdkText are descriptors that are a file of their own.
func vmdkText() []*sample {
	file := func(name, descriptor string) *sample {
		return newSample(name, len(descriptor)).at(0, []byte(descriptor))
	}
	long := flat(sparse) + "#" + strings.Repeat("long comment ", 40) + "\nddb = 1\n"
	return []*sample{
		file("vmdk-text", sparse),
		file("vmdk-text-flat", flat(sparse)),
		file("vmdk-text-empty-type", strings.Replace(sparse, "monolithicSparse", "", 1)),
		file("vmdk-text-no-type", strings.Replace(sparse, "createType", "type", 1)),
		newSample("vmdk-text-padded", 512).at(0, []byte(flat(sparse))),
		newSample("vmdk-text-padded-no-type", 512).at(0, []byte(strings.Replace(sparse, "createType", "type", 1))),
		file("vmdk-text-binary-later", long).at(600, []byte{0xff}),
		file("vmdk-text-zeros-later", long).at(520, make([]byte, 64)),
		file("vmdk-text-binary-early", flat(sparse)).at(100, []byte{0xff}),
		file("", flat(sparse)).cut("vmdk-text-63-bytes", 63),
	}
}
