package main

import (
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 9, 2}, 3}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v: got %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestReport(t *testing.T) {
	turns := func(walls ...int) (out []sample) {
		for _, w := range walls {
			s := time.Duration(w) * time.Second
			out = append(out, sample{wall: s, server: s / 2, client: s / 4})
		}
		return out
	}
	b := &bench{
		mib: 512, rounds: 3, idle: 20 << 20, loaded: 60 << 20, starts: []time.Duration{30 * time.Millisecond},
		uploads: turns(4, 5, 4), hashes: turns(2, 3, 4), floor: turns(4, 5, 4), downloads: turns(1, 1, 1), nginxDownloads: turns(1, 1, 1),
	}
	var out strings.Builder
	if err := b.report(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"upload / hashes 0.60 0.60 0.80 meets the bar of today", "upload / hashes and dd 1.00", "download / nginx 1.00 0.80 0.95 meets both",
		"upload 4.00 4.00 5.00 128 4.00 2.00", "memory, 8 uploads 60.0 MiB", "start to first answer 30 ms",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if got := verdict(0.5, uploadBar, uploadLater); got != "BELOW THE BAR" {
		t.Errorf("got %s", got)
	}
}
