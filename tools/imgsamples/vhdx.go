package main

// vhdx are files with the least that leads to the disk's size: region table, metadata table, item.
func vhdx() []*sample {
	const (
		regions  = 192 << 10
		metadata = 512 << 10 // for lack of patience; real ones start at 1 MiB or later
		item     = 64 << 10
	)
	var (
		metadataGUID = []byte("\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e")
		batGUID      = []byte("\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08")
		sizeGUID     = []byte("\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8")
		fileGUID     = []byte("\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b")
	)
	good := newSample("vhdx", metadata+item+16).
		at(0, []byte("vhdxfile")).
		at(regions, []byte("regi"), le32(0), le32(2), le32(0)).
		at(regions+16, batGUID, le64(1<<20), le32(1<<20), le32(1)).
		at(regions+48, metadataGUID, le64(metadata), le32(1<<20), le32(1)).
		at(metadata, []byte("metadata"), le16(0), le16(2)).
		at(metadata+32, fileGUID, le32(item), le32(8), le32(4)).
		at(metadata+64, sizeGUID, le32(item+8), le32(8), le32(6)).
		at(metadata+item+8, le64(4<<20))
	return []*sample{
		good,
		good.as("vhdx-size-within-table").at(metadata+80, le32(4096)).at(metadata+4096, le64(5<<20)),
		good.as("vhdx-size-across-table").at(metadata+80, le32(item-4)).at(metadata+item-4, le64(6<<20)),
		good.as("vhdx-no-region-signature").at(regions, []byte("igre")),
		good.as("vhdx-many-regions").at(regions+8, le32(2048)),
		good.as("vhdx-full-region-table").at(regions+8, le32(2047)),
		good.as("vhdx-no-metadata-region").at(regions+48, batGUID),
		good.as("vhdx-no-metadata-signature").at(metadata, []byte("atadatem")),
		good.as("vhdx-many-items").at(metadata+10, le16(2048)),
		good.as("vhdx-no-size").at(metadata+64, fileGUID),
		good.as("vhdx-metadata-beyond").at(regions+64, le64(1<<63)),
		good.as("vhdx-metadata-before").at(regions+64, le64(4096)),
		good.as("vhdx-size-beyond").at(metadata+80, le32(1<<31)),
		good.as("vhdx-huge").at(metadata+item+8, le64(1<<63)),
		good.cut("vhdx-cut", 200<<10),
	}
}
