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
	first, last := offset(m[1]), offset(m[2])
	switch {
	case m[1] == "" && last == 0:
		last = size - 1 // Compat: the last 0 bytes are all of them (recording download-range-1).
	case m[1] == "":
		first, last = max(size-last, 0), size-1
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

// offset gives the value of digits. None are zero, too many are the greatest
// number, which lies beyond all data.
func offset(digits string) int64 {
	if digits == "" {
		return 0
	}
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

var contentRangePattern = regexp.MustCompile(`^\s*bytes\s+(\d+)\s*-\s*(\d+)\s*/\s*(\d+|\*)\s*$`)

// parseContentRange reads what clients of 2015 sent for want of Range.
func parseContentRange(value string, size int64) (part, error) {
	m := contentRangePattern.FindStringSubmatch(value)
	if m == nil {
		return part{}, errRange("Invalid Content-Range header.")
	}
	first, last := offset(m[1]), offset(m[2])
	switch {
	case first > last, m[3] != "*" && last >= offset(m[3]):
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
	if tag != "" {
		w.Header().Set("Etag", tag)
		w.Header().Set("Accept-Ranges", "bytes")
	}
	if list := r.Header.Values("If-Match"); len(list) > 0 && !matchesTag(list, tag, "") {
		return false, api.PreconditionFailed("")
	}
	if list := r.Header.Values("If-None-Match"); len(list) > 0 && matchesTag(list, tag, "W/") {
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	}
	return false, nil
}

// matchesTag looks for the validator in a list of such. prefix is what may
// stand before it: W/ where a weak one is good enough.
func matchesTag(list []string, tag, prefix string) bool {
	for _, item := range strings.Split(strings.Join(list, ","), ",") {
		item = strings.TrimSpace(item)
		if item == "*" || tag != "" && strings.TrimPrefix(item, prefix) == tag {
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
