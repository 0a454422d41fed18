package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"glance/test/e2e/rig"
)

// listing measures pages of a database with very many images.
type listing struct {
	dir            string
	images, rounds int
	url            string         // of the database; empty is a MariaDB of this run's own
	seeded         bool           // it has the images already
	only           *regexp.Regexp // which lists

	db     *mariadb // nil when it is somebody else's
	server *side
	seed   seeded
	looks  []*look
}

// seeded is what tools/seedimages says at its end.
type seeded struct {
	Large, Middle, Small, Member string
	CommonName                   string `json:"common_name"`
	UniqueName                   string `json:"unique_name"`
}

// look is one list, or several pages of it: how many rows lie between those of
// a project is chance, and one page says little.
type look struct {
	caller, name string
	queries      []string
	header       http.Header
	first        *look // the same caller's first pages, itself for those
	times        [2][]time.Duration
	work         [2][]time.Duration
	found        int
}

// deep is how many pages are looked at where a list begins, in its middle, and
// at its end.
const deep = 10

func (l *listing) measure(ctx context.Context) (err error) {
	if err := rig.Build(ctx, ".", l.dir); err != nil {
		return err
	}
	if l.url == "" {
		if l.db, err = startMariaDB(ctx, l.dir); err != nil {
			return err
		}
		if err := l.db.create(ctx, "list"); err != nil {
			return err
		}
		l.url = l.db.url("list")
	} else if l.url == "sqlite" {
		l.url = "sqlite:///" + filepath.Join(l.dir, "list.sqlite")
	}
	if err := l.fill(ctx); err != nil {
		return err
	}
	s, err := launchOurs(ctx, l.dir, "list", l.url)
	l.server = &s
	if err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	for with, action := range []string{"drop_indexes", "add_indexes"} {
		begin := time.Now()
		if err := l.manage(ctx, action); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %.0f s\n", action, time.Since(begin).Seconds())
		l.server.close()
		if s, err = launchOurs(ctx, l.dir, "list", l.url); err != nil {
			return err
		}
		for round := range l.rounds {
			fmt.Fprintf(os.Stderr, "round %d of %d ...\n", round+1, l.rounds)
			for _, k := range l.looks {
				if err := l.look(ctx, k, with); err != nil {
					return fmt.Errorf("%s, %s: %w", k.caller, k.name, err)
				}
			}
		}
	}
	return nil
}

func (l *listing) manage(ctx context.Context, words ...string) error {
	conf := filepath.Join(l.dir, "manage.conf")
	if err := os.WriteFile(conf, []byte("[database]\nconnection = "+l.url+"\n"), 0o600); err != nil {
		return err
	}
	return output(ctx, filepath.Join(l.dir, "glance-manage"), append([]string{"--config-file", conf, "db"}, words...)...)
}

func (l *listing) fill(ctx context.Context) error {
	if err := l.manage(ctx, "sync"); err != nil {
		return err
	}
	begin := time.Now()
	args := []string{"-connection", l.url, "-images", strconv.Itoa(l.images)}
	if l.seeded {
		args = append(args, "-dry-run")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(l.dir, "seedimages"), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("seedimages: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%d images: %.0f s\n", l.images, time.Since(begin).Seconds())
	return json.Unmarshal(out.Bytes(), &l.seed)
}

// prepare says what is measured.
func (l *listing) prepare(ctx context.Context) error {
	s := l.seed
	for _, c := range []struct{ caller, project, roles string }{
		{"admin", "admin", "admin,member,reader"},
		{"large project", s.Large, "member,reader"},
		{"middling project", s.Middle, "member,reader"},
		{"small project", s.Small, "member,reader"},
		{"member", s.Member, "member,reader"},
	} {
		header := headers(c.project, c.roles)
		var first *look
		add := func(name string, queries ...string) {
			k := &look{caller: c.caller, name: name, queries: queries, header: header, first: first}
			if first == nil {
				first, k.first = k, k
			}
			if k == first || l.only.MatchString(k.caller+", "+k.name) { // the others are compared with the first
				l.looks = append(l.looks, k)
			}
		}
		for _, depth := range []struct{ name, before string }{
			{"first pages", ""},
			{"pages in the middle", "limit=1&created_at=lte:2023-07-01T00:00:00Z"},
			{"pages at the end", fmt.Sprintf("limit=%d&sort_dir=asc&sort_key=created_at", deep*25+1)},
		} {
			pages, err := l.pages(ctx, header, depth.before)
			if err != nil {
				return err
			}
			add(depth.name, pages...)
		}
		add("name that one has", "name="+s.UniqueName)
		add("name that many have", "name="+s.CommonName)
		add("property, 1 in 20", "os_distro=rare")
		add("property, 1 in 1000", "os_version=77")
		add("property that none has", "os_version=none")
		add("tag, 1 in 13", "tag=tag-07")
		add("tag that none has", "tag=none")
		add("owner, large", "owner="+s.Large)
		add("owner, small", "owner="+s.Small)
		add("visibility=public", "visibility=public")
		add("visibility=shared", "visibility=shared")
		add("sort by name", "sort_key=name&sort_dir=asc")
		add("sort by size", "sort_key=size&sort_dir=asc")
	}
	return nil
}

// pages are the queries of pages that follow each other, from the last image of
// a list on, or from the start.
func (l *listing) pages(ctx context.Context, header http.Header, before string) (queries []string, err error) {
	query := ""
	for range deep {
		if before != "" {
			last, err := l.marker(ctx, header, before)
			if err != nil {
				return nil, err
			}
			query = "marker=" + last
		}
		queries = append(queries, query)
		before = "limit=25&" + query
	}
	return queries, nil
}

// marker gives the last image of a page.
func (l *listing) marker(ctx context.Context, header http.Header, query string) (string, error) {
	images, err := l.get(ctx, header, query)
	if err != nil || len(images) == 0 {
		return "", errors.Join(err, fmt.Errorf("no image for a marker: %s", query))
	}
	return images[len(images)-1].ID, nil
}

func (l *listing) get(ctx context.Context, header http.Header, query string) ([]rig.Image, error) {
	c := rig.Client{Base: l.server.base, Transport: as(header)}
	a, err := c.Get(ctx, "/v2/images?limit=25&"+query)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, fmt.Errorf("%d: %s", a.Status, a.Body)
	}
	var page struct{ Images []rig.Image }
	return page.Images, json.Unmarshal(a.Body, &page)
}

// look repeats the same requests for some time. What one takes is the median of
// its repetitions.
func (l *listing) look(ctx context.Context, k *look, with int) error {
	pids := []int{l.server.cmd.Process.Pid}
	if l.db != nil {
		pids = append(pids, l.db.cmd.Process.Pid)
	}
	for _, query := range k.queries { // warms up; what is counted to choose a way is counted now
		if _, err := l.get(ctx, k.header, query); err != nil {
			return err
		}
	}
	before, err := cpu(pids)
	if err != nil {
		return err
	}
	begin := time.Now()
	times := make([][]time.Duration, len(k.queries))
	n := 0
	for ; n < 20 && (n == 0 || time.Since(begin) < time.Second); n++ {
		for i, query := range k.queries {
			start := time.Now()
			images, err := l.get(ctx, k.header, query)
			if err != nil {
				return err
			}
			times[i], k.found = append(times[i], time.Since(start)), len(images)
		}
	}
	var took time.Duration
	for _, repeated := range times {
		took += median(repeated) / time.Duration(len(times))
	}
	fmt.Fprintf(os.Stderr, "%s, %s: %s\n", k.caller, k.name, took)
	k.times[with] = append(k.times[with], took)
	after, err := cpu(pids)
	k.work[with] = append(k.work[with], (after-before)/time.Duration(n*len(times)))
	return err
}

func (l *listing) close() {
	if l.server != nil {
		l.server.close()
	}
	if l.db != nil {
		l.db.close()
	}
}

func (l *listing) report(out io.Writer) error {
	w := &strings.Builder{}
	scheme, _, _ := strings.Cut(l.url, ":")
	fmt.Fprintf(w, "\n%d images, %s, pages of 25, %d rounds, %d processors; the times of the first pages = 1\n\n", l.images, scheme, l.rounds, runtime.NumCPU())
	fmt.Fprintln(w, "caller\tlist\timages\tms\tratio\tCPU ms\tindexed: ms\tratio\tCPU ms\t")
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	for _, k := range l.looks {
		fmt.Fprintf(w, "%s\t%s\t%d\t", k.caller, k.name, k.found)
		for with := range k.times {
			t := median(k.times[with])
			fmt.Fprintf(w, "%.2f\t%.2f\t%.2f\t", ms(t), float64(t)/float64(median(k.first.times[with])), ms(median(k.work[with])))
		}
		fmt.Fprintln(w)
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(columns, w.String()); err != nil {
		return err
	}
	return columns.Flush()
}
