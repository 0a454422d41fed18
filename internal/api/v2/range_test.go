package v2_test

import (
	"errors"
	"testing"

	v2 "glance/internal/api/v2"
	"glance/internal/glance"
)

const (
	several     = "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests instead."
	badRange    = "Invalid Range header."
	badContent  = "Invalid Content-Range header."
	startBeyond = "Invalid start position in Range header. Start position MUST be in the inclusive range [0, 9]."
	stopBeyond  = "Invalid stop position in Content-Range header. The stop position MUST be in the inclusive range [0, 9]."
	huge        = "99999999999999999999"
)

// rangeTable is spec images-v2 §19 on ten bytes: what is sent, or what is said.
var rangeTable = []struct {
	value         string
	start, length int64
	fault         fault
}{
	{value: "bytes=0-9", length: 10},
	{value: "bytes=0-0", length: 1},
	{value: "bytes=2-4", start: 2, length: 3},
	{value: "bytes=2-", start: 2, length: 8},
	{value: "bytes=9-", start: 9, length: 1},
	{value: "bytes=-3", start: 7, length: 3},
	{value: "bytes=-10", length: 10},
	{value: "bytes=-11", length: 10},
	{value: "bytes=-0", length: 10},
	{value: "bytes=-" + huge, length: 10},
	{value: "bytes=2-10", start: 2, length: 8},
	{value: "bytes=2-" + huge, start: 2, length: 8},
	{value: "bytes = 0-4", length: 5},
	{value: "bytes=0 - 4", length: 5},
	{value: "Bytes=0-3", length: 4},
	{value: "BYTES=-1", start: 9, length: 1},
	{value: "bytes=0-1,3-4", fault: fault{400, several, ""}},
	{value: "bytes=0-1,", fault: fault{400, several, ""}},
	{value: "nonsense,", fault: fault{400, several, ""}},
	{value: "", fault: fault{416, "", badRange}},
	{value: "bytes=-", fault: fault{416, "", badRange}},
	{value: "bytes=", fault: fault{416, "", badRange}},
	{value: "bytes", fault: fault{416, "", badRange}},
	{value: "0-5", fault: fault{416, "", badRange}},
	{value: "lines=0-5", fault: fault{416, "", badRange}},
	{value: "bytes=a-b", fault: fault{416, "", badRange}},
	{value: "bytes=5-4", fault: fault{416, "", badRange}},
	{value: "bytes=+1-4", fault: fault{416, "", badRange}},
	{value: "bytes=0x1-4", fault: fault{416, "", badRange}},
	{value: "bytes=10-", fault: fault{416, "", startBeyond}},
	{value: "bytes=10-12", fault: fault{416, "", startBeyond}},
	{value: "bytes=" + huge + "-", fault: fault{416, "", startBeyond}},
}

var contentRangeTable = []struct {
	value         string
	start, length int64
	fault         fault
}{
	{value: "bytes 0-9/10", length: 10},
	{value: "bytes 2-4/10", start: 2, length: 3},
	{value: "bytes 2-4/*", start: 2, length: 3},
	{value: "bytes 0-9/*", length: 10},
	{value: "bytes 0-4/7", length: 5},
	{value: "bytes 0-4/" + huge, length: 5},
	{value: "", fault: fault{416, "", badContent}},
	{value: "nonsense", fault: fault{416, "", badContent}},
	{value: "bytes 5-3/10", fault: fault{416, "", badContent}},
	{value: "bytes 0-9", fault: fault{416, "", badContent}},
	{value: "bytes 0-10/10", fault: fault{416, "", badContent}},
	{value: "bytes */10", fault: fault{416, "", badContent}},
	{value: "bytes */*", fault: fault{416, "", badContent}},
	{value: "bytes 0-10/*", fault: fault{416, "", stopBeyond}},
	{value: "bytes 20-21/*", fault: fault{416, "", stopBeyond}},
	{value: "bytes 0-10/20", fault: fault{416, "", stopBeyond}},
	{value: "bytes 0-" + huge + "/*", fault: fault{416, "", stopBeyond}},
}

func TestParseRange(t *testing.T) {
	for _, tt := range rangeTable {
		start, length, err := v2.ParseRange(tt.value, 10)
		checkRange(t, tt.value, start, length, err, tt.start, tt.length, tt.fault)
	}
	for _, tt := range contentRangeTable {
		start, length, err := v2.ParseContentRange(tt.value, 10)
		checkRange(t, tt.value, start, length, err, tt.start, tt.length, tt.fault)
	}
}

func checkRange(t *testing.T, value string, start, length int64, err error, wantStart, wantLength int64, want fault) {
	t.Helper()
	if want.status == 0 {
		if err != nil || start != wantStart || length != wantLength {
			t.Errorf("%q: %d+%d, %v; want %d+%d", value, start, length, err, wantStart, wantLength)
		}
		return
	}
	var e *glance.Error
	kinds := map[int]glance.Kind{400: glance.Invalid, 416: glance.RangeNotSatisfiable}
	if !errors.As(err, &e) || e.Kind != kinds[want.status] || e.Message != want.explanation || e.Detail != want.detail {
		t.Errorf("%q: %v, want %+v", value, err, want)
	}
}

// TestParseRangeOfNothing: no part of empty data can be sent.
func TestParseRangeOfNothing(t *testing.T) {
	for _, value := range []string{"bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-6"} {
		if start, length, err := v2.ParseRange(value, 0); !errors.Is(err, glance.RangeNotSatisfiable) {
			t.Errorf("%s: %d+%d, %v", value, start, length, err)
		}
	}
	for _, value := range []string{"bytes 0-0/1", "bytes 0-0/*"} {
		if start, length, err := v2.ParseContentRange(value, 0); !errors.Is(err, glance.RangeNotSatisfiable) {
			t.Errorf("%s: %d+%d, %v", value, start, length, err)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, tt := range rangeTable {
		f.Add(tt.value, int64(10))
		f.Add(tt.value, int64(0))
	}
	f.Fuzz(func(t *testing.T, value string, size int64) { checkPart(t, v2.ParseRange, value, size) })
}

func FuzzParseContentRange(f *testing.F) {
	for _, tt := range contentRangeTable {
		f.Add(tt.value, int64(10))
		f.Add(tt.value, int64(0))
	}
	f.Fuzz(func(t *testing.T, value string, size int64) { checkPart(t, v2.ParseContentRange, value, size) })
}

// checkPart checks that whatever passes lies within the data and is not empty.
func checkPart(t *testing.T, parse func(string, int64) (int64, int64, error), value string, size int64) {
	if size < 0 {
		size = -(size + 1)
	}
	start, length, err := parse(value, size)
	if err != nil {
		if k := glance.KindOf(err); k != glance.Invalid && k != glance.RangeNotSatisfiable {
			t.Errorf("%q of %d: %v", value, size, err)
		}
		return
	}
	if start < 0 || length < 1 || start > size-length {
		t.Errorf("%q of %d: %d+%d", value, size, start, length)
	}
}
