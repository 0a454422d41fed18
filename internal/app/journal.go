package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/journal"
	"glance/internal/metadata"
	"glance/internal/store"
)

// nodeJournal is the journal as verbs want it.
type nodeJournal struct{ *journal.Journal }

// Begin implements images.Journal.
func (j nodeJournal) Begin(fields map[string]string) (func(), error) {
	entry, err := j.Journal.Begin(fields)
	if err != nil {
		return nil, err
	}
	return entry.Done, nil
}

// buildRecoverer settles what was left half done, by this process or others of
// this node.
func buildRecoverer(cfg *config.API, db metadata.Store, stores *store.Set, staging *images.Staging, log *slog.Logger) *images.Recoverer {
	life := taskLife(&cfg.Task)
	imports := &importflow.Recoverer{Images: db, Tasks: db, Locks: db, Stores: stores, Staging: staging, TaskLife: life, Log: log}
	return &images.Recoverer{
		Images: db, Tasks: db, Locks: db, Stores: stores, Staging: staging, TaskLife: life, Log: log, Others: imports.Settle,
	}
}

// unfinished is a hash that an earlier process of this node was making; the
// journal of this process has it now.
type unfinished struct {
	entry map[string]string
	done  func()
}

// buildJournal gives the journal of this process. The first one settles what
// earlier processes of this node left, and gives what there is to go on with.
// What cannot be settled now stays for the next start.
func buildJournal(ctx context.Context, g *Generation, cfg *config.API, recoverer images.Recoverer) (images.Journal, []unfinished, error) {
	dir, err := journalDir(cfg, recoverer.Stores, recoverer.Staging)
	if err != nil {
		return nil, nil, config.Fail(config.CodeFailure, err)
	}
	opening := opening{Recoverer: recoverer}
	j, err := share(g, sharing[images.Journal]{
		what: "journal", configuration: dir,
		build: func(room *Generation) (images.Journal, error) { return opening.open(ctx, room, dir) },
	})
	return j, opening.left, err
}

// opening is the opening of a journal.
type opening struct {
	images.Recoverer
	journal nodeJournal
	left    []unfinished
}

func (o *opening) open(ctx context.Context, g *Generation, dir string) (images.Journal, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	j, err := journal.Open(dir, host)
	if err != nil {
		return nil, config.Fail(config.CodeFailure, fmt.Errorf("open the journal of this node: %w", err))
	}
	g.onClose(j.Close)
	o.journal, o.Resume = nodeJournal{j}, o.takeOver
	settle := func(fields map[string]string) error { return o.Settle(ctx, fields) }
	if err := journal.Leftover(dir, host, settle); err != nil {
		o.Log.ErrorContext(ctx, "an earlier process left work that cannot be settled now", "error", err)
	}
	return o.journal, nil
}

// takeOver notes in the journal of this process what it will go on with; a
// process that died there has left the entry twice.
func (o *opening) takeOver(entry map[string]string) error {
	if slices.ContainsFunc(o.left, func(u unfinished) bool { return maps.Equal(u.entry, entry) }) {
		return nil
	}
	done, err := o.journal.Begin(entry)
	if err == nil {
		o.left = append(o.left, unfinished{entry, done})
	}
	return err
}

// resume goes on with what the journal gave. Jobs that end before they begin
// leave it there.
func resume(ctx context.Context, locator *images.Locator, left []unfinished) {
	for _, u := range left {
		if err := locator.Resume(u.entry, u.done); err != nil {
			locator.Log.WarnContext(ctx, "the hash of an image is left until the next start", "error", err)
		}
	}
}

// journalDir is where this node notes what it does: journal_dir, else beside
// the images of the first file store, else in the staging directory.
func journalDir(cfg *config.API, stores *store.Set, staging *images.Staging) (string, error) {
	dir := cfg.Server.JournalDir
	if dir == "" {
		dir = filepath.Join(defaultJournalParent(stores, staging), ".glance-journal")
	}
	return dir, os.MkdirAll(dir, 0o750)
}

func defaultJournalParent(stores *store.Set, staging *images.Staging) string {
	for _, n := range stores.Stores() {
		info := n.Driver.Info()
		if dir, ok := info.Properties["data_dir"].(string); ok && info.Type == "file" && dir != "" && !n.AddDisabled {
			return dir
		}
	}
	return staging.Path("")
}
