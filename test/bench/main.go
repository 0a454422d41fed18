package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
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
	if err := programsThere(); err != nil {
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
	dir, err := os.MkdirTemp(os.Getenv("BENCH_DIR"), "glance-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{dir: dir, mib: mib, rounds: rounds}
	defer b.close()
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.report(os.Stdout)
}

// programsThere says what to install when something is missing.
func programsThere() error {
	var missing []string
	for _, p := range []struct{ program, pkg string }{{"curl", "curl"}, {"nginx", "nginx-light"}, {"openssl", "openssl"}} {
		if _, err := find(p.program); err != nil {
			missing = append(missing, p.pkg)
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
