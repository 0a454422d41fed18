package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	dir, err := os.MkdirTemp(os.Getenv("BENCH_DIR"), "glance-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	switch what := strings.Join(os.Args[1:], " "); what {
	case "":
		return bytesPaths(ctx, dir)
	case "list":
		return manyImages(ctx, dir)
	case "original":
		return besideOriginal(ctx, dir)
	default:
		return fmt.Errorf("there is no measurement %q", what)
	}
}

// bytesPaths measures uploads and downloads.
func bytesPaths(ctx context.Context, dir string) error {
	err := programsThere([]program{{"curl", "curl"}, {"nginx", "nginx-light"}, {"openssl", "openssl"}})
	if err != nil {
		return err
	}
	mib, err := number("BENCH_MIB", 1024)
	if err != nil {
		return err
	}
	rounds, err := number("BENCH_ROUNDS", 3)
	if err != nil {
		return err
	}
	b := &bench{dir: dir, mib: mib, rounds: rounds}
	defer b.close()
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.report(os.Stdout)
}

// manyImages measures lists of very many images.
func manyImages(ctx context.Context, dir string) (err error) {
	l := &listing{dir: dir, url: os.Getenv("BENCH_DATABASE"), seeded: os.Getenv("BENCH_SEEDED") != ""}
	if l.only, err = regexp.Compile(os.Getenv("BENCH_LISTS")); err != nil {
		return fmt.Errorf("BENCH_LISTS: %w", err)
	}
	if l.images, err = number("BENCH_IMAGES", 100_000); err != nil {
		return err
	}
	if l.rounds, err = number("BENCH_ROUNDS", 3); err != nil {
		return err
	}
	if l.url == "" {
		if err := programsThere([]program{{"mariadbd", "mariadb-server"}, {"mariadb", "mariadb-client"}}); err != nil {
			return err
		}
	}
	defer l.close()
	if err := l.measure(ctx); err != nil {
		return err
	}
	return l.report(os.Stdout)
}

// besideOriginal measures metadata calls beside the original.
func besideOriginal(ctx context.Context, dir string) error {
	err := programsThere([]program{
		{"mariadbd", "mariadb-server"},
		{"mariadb", "mariadb-client"},
		{"wrk", "wrk"},
		{"glance-wsgi-api", "glance-api"},
		{"uwsgi", "uwsgi-core uwsgi-plugin-python3 python3-pymysql"},
	})
	if err != nil {
		return err
	}
	b := &beside{dir: dir}
	defer b.close()
	for name, field := range map[string]*int{"BENCH_ROUNDS": &b.rounds, "BENCH_SECONDS": &b.seconds, "BENCH_PUBLIC": &b.crowd} {
		otherwise := map[string]int{"BENCH_ROUNDS": 3, "BENCH_SECONDS": 5, "BENCH_PUBLIC": 200_000}[name]
		if *field, err = number(name, otherwise); err != nil {
			return err
		}
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.report(os.Stdout)
}

// program is one to be run, and the Debian packages that have it.
type program struct{ name, packages string }

// programsThere says what to install when something is missing.
func programsThere(programs []program) error {
	var missing []string
	for _, p := range programs {
		if _, err := find(p.name); err != nil {
			missing = append(missing, p.packages)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing programs, install them first: apt-get install %s", strings.Join(missing, " "))
	}
	return nil
}

// find also looks where PATH of ordinary users does not: nginx lies in sbin.
func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return exec.LookPath("/usr/sbin/" + program)
	}
	return path, nil
}

func number(name string, otherwise int) (int, error) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s: want a number of 1 or more", name, text)
	}
	return n, nil
}
