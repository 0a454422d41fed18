package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// The bars: ours against theirs, today and later.
const (
	uploadBar, uploadLater     = 0.60, 0.80
	downloadBar, downloadLater = 0.80, 0.95
)

// median of an odd or even number of values; 0 of none.
func median[T time.Duration | float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func each(samples []sample, f func(sample) time.Duration) []time.Duration {
	out := make([]time.Duration, len(samples))
	for i, s := range samples {
		out[i] = f(s)
	}
	return out
}

func wall(s sample) time.Duration   { return s.wall }
func server(s sample) time.Duration { return s.server }
func client(s sample) time.Duration { return s.client }

// ratio is how fast ours is where theirs is 1: of the turns that followed each
// other, the median.
func ratio(ours, theirs []sample) float64 {
	all := make([]float64, len(ours))
	for i := range ours {
		all[i] = float64(theirs[i].wall) / float64(ours[i].wall)
	}
	return median(all)
}

// verdict says where a ratio stands.
func verdict(r, bar, later float64) string {
	switch {
	case r >= later:
		return "meets both"
	case r >= bar:
		return "meets the bar of today"
	default:
		return "BELOW THE BAR"
	}
}

func (b *bench) report(out io.Writer) error {
	w := &strings.Builder{}
	gib := float64(b.mib) / 1024
	perGiB := func(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()/gib) }
	row := func(name string, s []sample, work func(sample) time.Duration) {
		best, worst := slices.Min(each(s, wall)), slices.Max(each(s, wall))
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.0f\t%s\t%s\t\n", name, best.Seconds(), median(each(s, wall)).Seconds(), worst.Seconds(),
			float64(b.mib)/median(each(s, wall)).Seconds(), perGiB(median(each(s, work))), perGiB(median(each(s, client))))
	}
	fmt.Fprintf(w, "\n%d MiB, %d rounds, %d processors\n\n", b.mib, b.rounds, runtime.NumCPU())
	fmt.Fprintln(w, "\tbest s\tmedian s\tworst s\tMiB/s\tserver CPU s/GiB\tclient CPU s/GiB\t")
	row("upload", b.uploads, server)
	row("openssl md5 + sha512", b.hashes, server)
	row("and dd conv=fsync", b.floor, server)
	row("download", b.downloads, server)
	row("nginx", b.nginxDownloads, server)
	fmt.Fprintln(w, "")
	fmt.Fprintln(w, "\tratio\tbar\tlater\t\t")
	up, down := ratio(b.uploads, b.hashes), ratio(b.downloads, b.nginxDownloads)
	fmt.Fprintf(w, "upload / hashes\t%.2f\t%.2f\t%.2f\t%s\t\n", up, uploadBar, uploadLater, verdict(up, uploadBar, uploadLater))
	fmt.Fprintf(w, "upload / hashes and dd\t%.2f\t\t\t\t\n", ratio(b.uploads, b.floor))
	fmt.Fprintf(w, "download / nginx\t%.2f\t%.2f\t%.2f\t%s\t\n", down, downloadBar, downloadLater, verdict(down, downloadBar, downloadLater))
	fmt.Fprintln(w, "")
	fmt.Fprintf(w, "memory at rest\t%.1f MiB\t\n", float64(b.idle)/(1<<20))
	fmt.Fprintf(w, "memory, %d uploads\t%.1f MiB\t\n", clients, float64(b.loaded)/(1<<20))
	fmt.Fprintf(w, "start to first answer\t%.0f ms\t\n", float64(median(b.starts).Microseconds())/1000)
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(columns, w.String()); err != nil {
		return err
	}
	return columns.Flush()
}
