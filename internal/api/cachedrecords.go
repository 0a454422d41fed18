package api

import (
	"strconv"
	"time"

	"glance/internal/glance"
)

// AppendCached appends records with the keys, and in the order, of the driver
// that keeps them (spec cache §4).
func AppendCached(b []byte, driver string, list []glance.CachedImage) []byte {
	b = append(b, '[')
	for i, img := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '{')
		switch driver {
		case "sqlite":
			b = appendRecord(b, img, "image_id", "hits", "last_accessed", "last_modified", "size")
		case "xattr":
			b = appendRecord(b, img, "image_id", "last_modified", "last_accessed", "size", "hits")
		default:
			b = appendRecord(b, img, "id", "image_id", "last_accessed", "last_modified", "size", "hits", "checksum")
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendRecord(b []byte, img glance.CachedImage, keys ...string) []byte {
	for i, key := range keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, '"'), key...), `": `...)
		switch key {
		case "id":
			b = strconv.AppendInt(b, img.Number, 10)
		case "image_id":
			b = append(b, quoteJSON(img.ImageID)...)
		case "last_accessed":
			b = appendSeconds(b, img.LastAccessed)
		case "last_modified":
			b = appendSeconds(b, img.LastModified)
		case "size":
			b = strconv.AppendInt(b, img.Size, 10)
		case "hits":
			b = strconv.AppendInt(b, img.Hits, 10)
		case "checksum":
			b = append(b, "null"...) // Compat: the original never writes that column
		}
	}
	return b
}

// appendSeconds appends a time as seconds since 1970: to clients in Python
// always a number with a fraction.
func appendSeconds(b []byte, t time.Time) []byte {
	micros := t.UnixMicro()
	whole := micros%1e6 == 0
	b = strconv.AppendFloat(b, float64(micros)/1e6, 'f', -1, 64)
	if whole {
		b = append(b, ".0"...)
	}
	return b
}

// AppendTexts appends a list of texts.
func AppendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, text := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, quoteJSON(text)...)
	}
	return append(b, ']')
}
