package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"glance/test/e2e/rig"
)

// The bars of ours against the original: requests a second.
const (
	showBar, pageBar, createBar, crowdedBar = 40, 40, 20, 300
)

// beside measures ours and the original on one database, in turns.
type beside struct {
	dir             string
	rounds, seconds int
	crowd           int // public images of the second database

	db    *mariadb
	sides []*side
	cases []*contest
}

// contest is one call, measured on both sides.
type contest struct {
	name, path   string
	project      string
	post         string // the document of a POST, empty for a GET
	bar          float64
	slow         int      // the original is given so many times as long, and may refuse some; 0 is once, and none
	connections  int      // of wrk, 0 is 16
	sides        [2]*side // ours and theirs
	ours, theirs []turn
}

// turn is one run of wrk.
type turn struct {
	rate float64       // answers a second
	cpu  time.Duration // of server and database, for an answer
}

func (b *beside) measure(ctx context.Context) (err error) {
	if err := rig.Build(ctx, ".", b.dir); err != nil {
		return err
	}
	if b.db, err = startMariaDB(ctx, b.dir); err != nil {
		return err
	}
	if err := b.prepareSmall(ctx); err != nil {
		return err
	}
	if err := b.prepareCrowd(ctx); err != nil {
		return err
	}
	for round := range b.rounds + 1 {
		fmt.Fprintf(os.Stderr, "round %d of %d ...\n", round, b.rounds)
		for _, c := range b.cases {
			length := b.seconds
			if round == 0 {
				length = 1 // warms up
			}
			var turns [2]turn
			for i, s := range c.sides {
				if turns[i], err = b.turn(ctx, c, s, length*max(c.slow*i, 1)); err != nil {
					return fmt.Errorf("%s at %s: %w", c.name, s.base, err)
				}
			}
			if round > 0 {
				c.ours, c.theirs = append(c.ours, turns[0]), append(c.theirs, turns[1])
			}
		}
	}
	return nil
}

// serve starts both sides on a new database and gives their addresses.
func (b *beside) serve(ctx context.Context, database string, fill func(url string) error) (sides [2]*side, err error) {
	url := b.db.url(database)
	if err := b.db.create(ctx, database); err != nil {
		return sides, err
	}
	conf := filepath.Join(b.dir, database+".conf")
	if err := os.WriteFile(conf, []byte("[database]\nconnection = "+url+"\n"), 0o600); err != nil {
		return sides, err
	}
	if err := output(ctx, filepath.Join(b.dir, "glance-manage"), "--config-file", conf, "db", "sync"); err != nil {
		return sides, err
	}
	if err := fill(url); err != nil {
		return sides, err
	}
	ours, err := launchOurs(ctx, b.dir, database+"-ours", url)
	b.sides = append(b.sides, &ours)
	if err != nil {
		return sides, err
	}
	theirs, err := launchOriginal(ctx, b.dir, database+"-original", url)
	b.sides = append(b.sides, &theirs)
	return [2]*side{&ours, &theirs}, err
}

// prepareSmall is the database of a small cloud: fifty images of a project.
func (b *beside) prepareSmall(ctx context.Context) error {
	sides, err := b.serve(ctx, "small", func(string) error { return nil })
	if err != nil {
		return err
	}
	const project = "demo"
	c := rig.Client{Base: sides[0].base, Transport: as(headers(project, "member,reader"))}
	var id string
	for n := range 50 {
		img, err := c.Create(ctx, map[string]any{
			"name": fmt.Sprintf("image %d", n), "disk_format": "qcow2", "container_format": "bare", "os_distro": "debian", "os_version": "12",
			"architecture": "x86_64", "tags": []string{"base", "tested"},
		})
		if err != nil {
			return err
		}
		id = img.ID
	}
	b.cases = append(b.cases,
		&contest{name: "GET image", project: project, path: "/v2/images/" + id, bar: showBar, sides: sides},
		&contest{name: "list of 20", project: project, path: "/v2/images?limit=20", bar: pageBar, sides: sides},
		&contest{
			name: "create", project: "maker", path: "/v2/images", bar: createBar, sides: sides,
			post: `{"name": "bench", "disk_format": "raw", "container_format": "bare", "os_distro": "debian"}`,
		})
	return nil
}

// prepareCrowd is a database with very many public images.
func (b *beside) prepareCrowd(ctx context.Context) error {
	sides, err := b.serve(ctx, "crowd", func(url string) error {
		return output(ctx, filepath.Join(b.dir, "seedimages"), "-connection", url, "-images", strconv.Itoa(b.crowd), "-public", "100", "-quiet")
	})
	if err != nil {
		return err
	}
	b.cases = append(b.cases, &contest{
		name: fmt.Sprintf("list of 20, %d public images, 2 connections", b.crowd), project: "demo", path: "/v2/images?limit=20", bar: crowdedBar, sides: sides,
		slow: 12, connections: 2, // with more of them the original refuses some, or gives no page for minutes
	})
	return nil
}

func (b *beside) close() {
	for _, s := range b.sides {
		s.close()
	}
	if b.db != nil {
		b.db.close()
	}
}

var (
	figuresOf   = regexp.MustCompile(`(?s)(\d+) requests in .*Requests/sec:\s+([0-9.]+)`)
	refusedLine = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// turn loads one side and looks at the processor time that it takes.
func (b *beside) turn(ctx context.Context, c *contest, s *side, length int) (turn, error) {
	workers, err := children(s.cmd.Process.Pid)
	if err != nil {
		return turn{}, err
	}
	pids := append(workers, s.cmd.Process.Pid, b.db.cmd.Process.Pid)
	before, err := cpu(pids)
	if err != nil {
		return turn{}, err
	}
	rate, answers, refused, err := b.wrk(ctx, c, s.base, length)
	if err == nil && refused > 0 && (s == c.sides[0] || refused == answers || c.slow == 0) {
		err = fmt.Errorf("%d of %d requests are refused", refused, answers)
	}
	if err != nil {
		return turn{}, err
	}
	after, err := cpu(pids)
	good := answers - refused
	return turn{rate * float64(good) / float64(answers), (after - before) / time.Duration(good)}, err
}

// wrk loads one side. The original ends each connection, which wrk reports and
// counts as an answer; answers may be refusals.
func (b *beside) wrk(ctx context.Context, c *contest, base string, length int) (rate float64, answers, refused int, err error) {
	args := []string{"-t", "2", "-c", strconv.Itoa(cmp.Or(c.connections, 16)), "-d", strconv.Itoa(length) + "s", "--timeout", "300s"}
	for name, values := range headers(c.project, "member,reader") {
		args = append(args, "-H", name+": "+values[0])
	}
	if c.post != "" {
		script := filepath.Join(b.dir, "create.lua")
		text := fmt.Sprintf("wrk.method = \"POST\"\nwrk.body = %q\nwrk.headers[\"Content-Type\"] = \"application/json\"\n", c.post)
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			return 0, 0, 0, err
		}
		args = append(args, "-s", script)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, base+c.path)...).CombinedOutput()
	figures := figuresOf.FindSubmatch(out)
	if err == nil && figures != nil && string(figures[1]) == "0" {
		return 0, 0, 0, errors.New("no answer in the whole time; BENCH_SECONDS may be more")
	}
	if err != nil || figures == nil {
		return 0, 0, 0, errors.Join(err, fmt.Errorf("wrk: %s", out))
	}
	answers, err = strconv.Atoi(string(figures[1]))
	if err == nil {
		rate, err = strconv.ParseFloat(string(figures[2]), 64)
	}
	if no := refusedLine.FindSubmatch(out); err == nil && no != nil {
		refused, err = strconv.Atoi(string(no[1]))
	}
	return rate, answers, refused, err
}

func (b *beside) report(out io.Writer) error {
	w := &strings.Builder{}
	fmt.Fprintf(w, "\n%d rounds of %d s, 16 connections, %d processors\n\n", b.rounds, b.seconds, runtime.NumCPU())
	fmt.Fprintln(w, "\tours/s\toriginal/s\tratio\tworst\tbest\tbar\t\tours CPU us\toriginal CPU us\tratio\t")
	for _, c := range b.cases {
		var ours, theirs, ratios, work, theirWork, workRatios []float64
		for i, o := range c.ours {
			t := c.theirs[i]
			ours, theirs, ratios = append(ours, o.rate), append(theirs, t.rate), append(ratios, o.rate/t.rate)
			work, theirWork = append(work, float64(o.cpu.Microseconds())), append(theirWork, float64(t.cpu.Microseconds()))
			workRatios = append(workRatios, float64(t.cpu)/float64(o.cpu))
		}
		said := "meets the bar"
		if median(ratios) < c.bar {
			said = "BELOW THE BAR"
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%s\t%.0f\t%.0f\t%.1f\t\n", c.name, median(ours), median(theirs), median(ratios),
			slices.Min(ratios), slices.Max(ratios), c.bar, said, median(work), median(theirWork), median(workRatios))
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(columns, w.String()); err != nil {
		return err
	}
	return columns.Flush()
}
