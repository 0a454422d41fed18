package app

import (
	"cmp"
	"context"
	"log/slog"
	"strings"

	"glance/internal/config"
	"glance/internal/metadata/sqldb"
	"glance/internal/metadefs"
)

// metadefAction is an action on metadata definitions (spec tools §2.3).
type metadefAction struct {
	// flags are those of the present spelling. The old one has words in their
	// place, in this order; any word that is not empty is true.
	flags []config.Flag
	run   func(ctx context.Context, l *metadefs.Loader, path string, given func(flag string) bool) error
}

func loadMetadefs() *metadefAction {
	return &metadefAction{
		flags: []config.Flag{
			{Names: []string{"path"}, Metavar: "<path>", Help: "Path to the directory or file where json metadata is stored"},
			{Names: []string{"merge"}, Bool: true, Help: "Merge files with data that is in the database. By default it prefers existing data over new. " +
				"This logic can be changed by combining --merge option with one of these two options: --prefer_new or --overwrite."},
			{Names: []string{"prefer-new"}, Bool: true, Help: "Prefer new metadata over existing. Existing metadata might be overwritten. " +
				"Needs to be combined with --merge option."},
			{Names: []string{"overwrite"}, Bool: true, Help: "Drop and rewrite metadata. Needs to be combined with --merge option"},
		},
		run: func(ctx context.Context, l *metadefs.Loader, path string, given func(string) bool) error {
			return l.Load(ctx, path, metadefs.LoadOptions{Merge: given("merge"), PreferNew: given("prefer-new"), Overwrite: given("overwrite")})
		},
	}
}

func unloadMetadefs() *metadefAction {
	return &metadefAction{run: func(ctx context.Context, l *metadefs.Loader, _ string, _ func(string) bool) error {
		return l.Unload(ctx)
	}}
}

func exportMetadefs() *metadefAction {
	return &metadefAction{
		flags: []config.Flag{
			{Names: []string{"path"}, Metavar: "<path>", Help: "Path to the directory where json metadata files should be saved."},
		},
		run: func(ctx context.Context, l *metadefs.Loader, path string, _ func(string) bool) error {
			return l.Export(ctx, path)
		},
	}
}

// onMetadefs runs an action; old says that its name is spelled db_NAME.
func onMetadefs(ctx context.Context, prog string, a dbAction, old bool, words []string, cfg *config.API) error {
	given, err := metadefWords(prog, a, old, words)
	if err != nil {
		return err
	}
	return onDatabase(ctx, cfg, func(db *sqldb.DB, log *slog.Logger) error {
		path := cmp.Or(given["path"], cfg.Images.MetadataSourcePath)
		return a.metadefs.run(ctx, &metadefs.Loader{Database: db, Log: log}, path, func(flag string) bool { return given[flag] != "" })
	})
}

// metadefWords reads what follows an action.
func metadefWords(prog string, a dbAction, old bool, words []string) (map[string]string, error) {
	flags, most := a.metadefs.flags, min(1, len(a.metadefs.flags)) // a word beside flags is the path
	prog += " db " + a.name
	if old {
		prog, flags, most = strings.Replace(prog, " db ", " db_", 1), nil, len(a.metadefs.flags)
	}
	flags = append([]config.Flag{{Names: []string{"help"}, Short: "h", Bool: true, Help: "show this help message and exit"}}, flags...)
	args, err := config.ParseFlags(prog, flags, words, false)
	if err != nil {
		return nil, err
	}
	if _, help := args.Value("help"); help {
		return nil, &config.Exit{Stdout: config.Usage(prog, flags, "")}
	}
	if len(args.Rest) > most {
		return nil, usageError(prog, "unrecognized arguments: "+strings.Join(args.Rest[most:], " "))
	}
	given := map[string]string{}
	for i, f := range a.metadefs.flags {
		if i < len(args.Rest) {
			given[f.Names[0]] = args.Rest[i]
		}
		if value, ok := args.Value(f.Names[0]); ok {
			given[f.Names[0]] = value
		}
	}
	return given, nil
}
