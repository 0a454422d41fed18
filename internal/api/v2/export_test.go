package v2

import (
	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// AppendImage is the encoder of images.
func (d *Door) AppendImage(b []byte, img *glance.Image) []byte { return d.appendImage(b, img, nil) }

// AppendPage is the encoder of lists.
func (d *Door) AppendPage(b []byte, page images.Page, params []api.Param) []byte {
	return d.appendPage(b, page, params)
}

// AppendString is the encoder of texts.
func AppendString(b []byte, s string) []byte { return appendString(b, s) }

// ParseRange reads a Range header.
func ParseRange(value string, size int64) (start, length int64, err error) {
	p, err := parseRange(value, size)
	return p.start, p.length, err
}

// ParseContentRange reads a Content-Range header of a request.
func ParseContentRange(value string, size int64) (start, length int64, err error) {
	p, err := parseContentRange(value, size)
	return p.start, p.length, err
}
