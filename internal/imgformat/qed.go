package imgformat

import "bytes"

// sniffQED recognises qed only to refuse it: nobody supports it, and it can name a backing file.
func sniffQED(head []byte) image {
	if len(head) < sectorLen || !bytes.HasPrefix(head, []byte("QED\x00")) {
		return nil
	}
	return headOnly(func(size int64) report {
		r := report{virtualSize: size}
		r.fail("banned", "This file format is not allowed")
		return r
	})
}
