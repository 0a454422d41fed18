package main

import (
	"strings"
	"testing"
	"time"
)

// words makes a table comparable.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestBesideReport(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	b := &beside{rounds: 3, seconds: 5, cases: []*contest{
		{name: "GET image", bar: 40, ours: []turn{{8000, ms(1)}, {9000, ms(1)}, {10000, ms(1)}}, theirs: []turn{{200, ms(50)}, {200, ms(60)}, {100, ms(70)}}},
		{name: "create", bar: 20, ours: []turn{{100, ms(1)}}, theirs: []turn{{10, ms(30)}}},
	}}
	var out strings.Builder
	if err := b.report(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"GET image 9000 200.0 45.0 40.0 100.0 40 meets the bar 1000 60000 60.0", "create 100 10.0 10.0 10.0 10.0 20 BELOW THE BAR 1000 30000 30.0",
	} {
		if !strings.Contains(words(out.String()), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestListReport(t *testing.T) {
	first := &look{caller: "admin", name: "first page", found: 25}
	first.first = first
	deep := &look{caller: "admin", name: "deep", found: 25, first: first}
	for i := range 2 {
		first.times[i] = []time.Duration{2 * time.Millisecond}
		deep.times[i] = []time.Duration{3 * time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond}
		first.work[i], deep.work[i] = first.times[i], deep.times[i]
	}
	l := &listing{images: 1000, rounds: 3, url: "mysql://u:secret@h/d", looks: []*look{first, deep}}
	var out strings.Builder
	if err := l.report(&out); err != nil {
		t.Fatal(err)
	}
	text := words(out.String())
	if !strings.Contains(text, "admin deep 25 3.00 1.50 3.00 3.00 1.50 3.00") || !strings.Contains(text, "1000 images, mysql,") || strings.Contains(text, "secret") {
		t.Errorf("report\n%s", out.String())
	}
}

// What wrk prints when every answer is whole, when connections end, and when
// answers are refusals.
func TestFiguresOfWrk(t *testing.T) {
	const good = "  2 threads and 16 connections\n  8228 requests in 5.04s, 6.61MB read\n  Socket errors: connect 0, read 8228, write 0, timeout 0\nRequests/sec:   1633.71\n"
	m := figuresOf.FindStringSubmatch(good)
	if len(m) != 3 || m[1] != "8228" || m[2] != "1633.71" || refusedLine.MatchString(good) {
		t.Errorf("figures %q", m)
	}
	if !refusedLine.MatchString(good + "  Non-2xx or 3xx responses: 12\n") {
		t.Error("refusals pass")
	}
}
