package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "seedimages:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("seedimages", flag.ContinueOnError)
	flags.SetOutput(stderr)
	connection := flags.String("connection", "", "URL of the database, as in [database] connection")
	count := flags.Int("images", 100_000, "how many")
	seed := flags.Uint64("seed", 1, "other numbers give other images")
	public := flags.Int("public", 1, "how many of a hundred are public")
	more := flags.Bool("append", false, "add to the images that are there")
	dry := flags.Bool("dry-run", false, "write nothing, print what a run prints at its end")
	quiet := flags.Bool("quiet", false, "do not say how far it is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *connection == "" && !*dry || *count < 1 || *public < 0 || *public > 100 || flags.NArg() > 0 {
		return errors.New("give -connection URL, -images of 1 or more, -public from 0 to 100, and nothing else; -h tells more")
	}
	s := newSeeder(*count, *seed, *public)
	if *dry {
		s.imagine()
		return json.NewEncoder(stdout).Encode(s.summary())
	}
	db, err := sqldb.OpenFiller(ctx, *connection, sqldb.Options{CreateIfEmpty: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	present, err := db.Count(ctx, "images")
	if err != nil {
		return err
	}
	if present > 0 && !*more {
		return glance.Errorf(glance.Conflict, "the database has %d images; -append adds to them", present)
	}
	progress := stderr
	if *quiet {
		progress = io.Discard
	}
	if err := s.fill(ctx, db, progress); err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(s.summary())
}

// fill writes all images.
func (s *seeder) fill(ctx context.Context, db *sqldb.Filler, progress io.Writer) error {
	begin := time.Now()
	for n := range s.count {
		s.image(n)
		if n+1 < s.count && (n+1)%imagesAtOnce != 0 {
			continue
		}
		for _, t := range s.tables {
			if err := t.flush(ctx, db); err != nil {
				return err
			}
		}
		if err := db.Commit(ctx); err != nil {
			return err
		}
		if (n+1)%50_000 == 0 {
			_, _ = fmt.Fprintf(progress, "%d images, %.0f s\n", n+1, time.Since(begin).Seconds())
		}
	}
	return db.Settle(ctx)
}

// imagine makes all images and keeps none.
func (s *seeder) imagine() {
	for n := range s.count {
		s.image(n)
		for _, t := range s.tables {
			t.values = t.values[:0]
		}
	}
}
