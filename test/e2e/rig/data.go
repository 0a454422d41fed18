package rig

import (
	"crypto/md5" //nolint:gosec // the checksum of the API is md5
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// Random is size bytes that do not compress, the same for the same seed.
func Random(seed uint64, size int) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	data := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(data) // never fails
	return data
}

// ISO is data that is recognised as an ISO 9660 image: nothing before the
// primary volume descriptor, which says how large the volume is. size is a
// multiple of 2048.
func ISO(seed uint64, size int) []byte {
	const descriptor, block = 32 << 10, 2048
	data := Random(seed, size)
	clear(data[:descriptor+block])
	pvd := data[descriptor:]
	copy(pvd, "\x01CD001\x01\x00")
	binary.LittleEndian.PutUint32(pvd[80:], uint32(size/block))
	binary.BigEndian.PutUint32(pvd[84:], uint32(size/block))
	binary.LittleEndian.PutUint16(pvd[128:], block)
	binary.BigEndian.PutUint16(pvd[130:], block)
	return data
}

// QCOW2 is data that is recognised as a qcow2 disk of virtual bytes.
func QCOW2(seed uint64, size int, virtual uint64) []byte {
	const header = 512
	data := Random(seed, size)
	clear(data[:header])
	copy(data, "QFI\xfb")
	binary.BigEndian.PutUint32(data[4:], 3)   // version
	binary.BigEndian.PutUint32(data[20:], 16) // cluster bits
	binary.BigEndian.PutUint64(data[24:], virtual)
	binary.BigEndian.PutUint32(data[100:], 104) // header length
	return data
}

// MD5 and SHA512 are the hashes of data as the API writes them.
func MD5(data []byte) string {
	sum := md5.Sum(data) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// SHA512 is described at MD5.
func SHA512(data []byte) string {
	sum := sha512.Sum512(data)
	return hex.EncodeToString(sum[:])
}
