package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"glance/internal/config"
	"glance/internal/images"
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

// buildJournal gives the journal of this process. The first one settles what
// earlier processes of this node left. What cannot be settled now stays for the
// next start.
func buildJournal(ctx context.Context, g *Generation, cfg *config.API, db metadata.Store, stores *store.Set, staging *images.Staging, log *slog.Logger) (images.Journal, error) {
	dir, err := journalDir(cfg, stores, staging)
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	recoverer := images.Recoverer{
		Images: db, Tasks: db, Locks: db, Stores: stores, Staging: staging, TaskLife: taskLife(&cfg.Task), Log: log,
	}
	return share(g, sharing[images.Journal]{
		what: "journal", configuration: dir,
		build: func(room *Generation) (images.Journal, error) { return openJournal(ctx, room, dir, &recoverer) },
	})
}

func openJournal(ctx context.Context, g *Generation, dir string, recoverer *images.Recoverer) (images.Journal, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	settle := func(fields map[string]string) error { return recoverer.Settle(ctx, fields) }
	if err := journal.Leftover(dir, host, settle); err != nil {
		recoverer.Log.ErrorContext(ctx, "an earlier process left work that cannot be settled now", "error", err)
	}
	j, err := journal.Open(dir, host)
	if err != nil {
		return nil, config.Fail(config.CodeFailure, fmt.Errorf("open the journal of this node: %w", err))
	}
	g.onClose(j.Close)
	return nodeJournal{j}, nil
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
