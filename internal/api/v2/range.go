package v2

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
)

// part is the piece of the data that an answer holds.
type part struct {
	start, length int64
	partial       bool
}

func (p part) header(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", p.start, p.start+p.length-1, size)
}

// requestedPart reads Range and the older Content-Range of a request for data
// of the given size (spec images-v2 §19).
func requestedPart(r *http.Request, size int64, img *glance.Image) (part, error) {
	if values := r.Header.Values("Range"); len(values) > 0 && rangeHolds(r, img) {
		return parseRange(values[0], size)
	}
	if values := r.Header.Values("Content-Range"); len(values) > 0 && len(r.Header.Values("Range")) == 0 {
		return parseContentRange(values[0], size)
	}
	return part{length: size}, nil
}

func errRange(format string, args ...any) error {
	return glance.Detailf(glance.RangeNotSatisfiable, format, args...)
}

var rangePattern = regexp.MustCompile(`(?i)^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$`)

func parseRange(value string, size int64) (part, error) {
	if strings.Contains(value, ",") {
		return part{}, glance.Errorf(glance.Invalid, "Requests with multiple ranges are not supported in Glance. "+
			"You may make multiple single-range requests instead.")
	}
	m := rangePattern.FindStringSubmatch(value)
	if m == nil || m[1] == "" && m[2] == "" {
		return part{}, errRange("Invalid Range header.")
	}
	first, firstOK := parseOffset(m[1])
	last, lastOK := parseOffset(m[2])
	switch {
	case !firstOK || !lastOK:
		return part{}, errRange("Invalid Range header.")
	case m[1] == "":
		if last == 0 || last > size {
			last = size
		}
		return part{start: size - last, length: last, partial: true}, nil
	case m[2] == "":
		last = size - 1
	case first > last:
		return part{}, errRange("Invalid Range header.")
	}
	if first >= size {
		return part{}, errRange("Invalid start position in Range header. "+
			"Start position MUST be in the inclusive range [0, %d].", size-1)
	}
	return part{start: first, length: min(last, size-1) - first + 1, partial: true}, nil
}

// parseOffset reads a number of digits only; empty is zero.
func parseOffset(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

var contentRangePattern = regexp.MustCompile(`^\s*bytes\s+(\d+)\s*-\s*(\d+)\s*/\s*(\d+|\*)\s*$`)

// parseContentRange reads what clients of 2015 sent for want of Range.
func parseContentRange(value string, size int64) (part, error) {
	m := contentRangePattern.FindStringSubmatch(value)
	if m == nil {
		return part{}, errRange("Invalid Content-Range header.")
	}
	first, firstOK := parseOffset(m[1])
	last, lastOK := parseOffset(m[2])
	total, totalOK := int64(0), true
	if m[3] != "*" {
		total, totalOK = parseOffset(m[3])
	}
	switch {
	case !firstOK || !lastOK || !totalOK, first > last, m[3] != "*" && last >= total:
		return part{}, errRange("Invalid Content-Range header.")
	case last >= size:
		return part{}, errRange("Invalid stop position in Content-Range header. "+
			"The stop position MUST be in the inclusive range [0, %d].", size-1)
	}
	return part{start: first, length: last - first + 1, partial: true}, nil
}

// etag is a strong validator: the hash of the data, which never changes while
// the image is active.
func etag(img *glance.Image) string {
	if img.HashValue != "" {
		return `"` + img.HashValue + `"`
	}
	if img.Checksum != "" {
		return `"` + img.Checksum + `"`
	}
	return ""
}

// checkConditions adds the validator to the answer and honours If-Match and
// If-None-Match, which the original does not know. done means that the answer
// is 304 and written.
func checkConditions(w http.ResponseWriter, r *http.Request, img *glance.Image) (done bool, err error) {
	tag := etag(img)
	if tag == "" {
		return false, nil
	}
	w.Header().Set("Etag", tag)
	w.Header().Set("Accept-Ranges", "bytes")
	if list := r.Header.Get("If-Match"); list != "" && !matchesTag(list, tag) {
		return false, api.PreconditionFailed("")
	}
	if list := r.Header.Get("If-None-Match"); list != "" && matchesTag(list, tag) {
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	return false, nil
}

func matchesTag(list, tag string) bool {
	for _, item := range strings.Split(list, ",") {
		if item = strings.TrimSpace(item); item == "*" || strings.TrimPrefix(item, "W/") == tag {
			return true
		}
	}
	return false
}

// rangeHolds reports whether If-Range lets the range count.
func rangeHolds(r *http.Request, img *glance.Image) bool {
	condition := r.Header.Get("If-Range")
	return condition == "" || condition == etag(img)
}
