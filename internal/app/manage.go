package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
	"glance/internal/metadata/sqldb/migrations"
	"glance/internal/oslolog"
)

// GlanceManage runs one command of glance-manage; the result is its exit code
// (spec tools §2).
func GlanceManage(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	code, err := manage(ctx, in, stdout)
	var exit *config.Exit
	if err == nil || errors.As(err, &exit) {
		return max(code, config.Report(err, stdout, stderr))
	}
	text := err.Error()
	var known *glance.Error
	if errors.As(err, &known) && known.Message != "" {
		text = known.Message
	}
	return config.Report(&config.Exit{Code: config.CodeFailure, Stderr: text + "\n"}, stdout, stderr)
}

// dbAction is one action of the category db. The spelling of old releases is
// db_NAME, with the version as a word.
type dbAction struct {
	name, about string
	versioned   bool // takes --version
	dry         bool // takes --dry-run
	young       bool // has no spelling of old releases
	// purge is what is set for the actions that remove rows; they have no run.
	purge *purgeAction
	// metadefs is what is set for the actions on metadata definitions; they have no run either.
	metadefs *metadefAction
	run      func(ctx context.Context, s *migrations.Schema, out io.Writer, given actionWords) (int, error)
}

// actionWords are what may follow an action.
type actionWords struct {
	version string
	dryRun  bool
}

// dbActions are the actions in alphabetical order.
func dbActions() []dbAction {
	return []dbAction{
		{
			name: "add_indexes", about: "Add indexes that make listings of very many images faster; the schema stays the original's otherwise.",
			dry: true, young: true, run: func(ctx context.Context, s *migrations.Schema, out io.Writer, given actionWords) (int, error) {
				return 0, s.AddIndexes(ctx, out, given.dryRun)
			},
		},
		{name: "check", about: "Report any pending database upgrades.", run: func(ctx context.Context, s *migrations.Schema, out io.Writer, _ actionWords) (int, error) {
			return s.Outdated(ctx, out)
		}},
		{name: "contract", about: "Run the contract phase of a database migration.", run: plain((*migrations.Schema).Contract)},
		{
			name: "drop_indexes", about: "Drop what add_indexes has added.",
			dry: true, young: true, run: func(ctx context.Context, s *migrations.Schema, out io.Writer, given actionWords) (int, error) {
				return 0, s.DropIndexes(ctx, out, given.dryRun)
			},
		},
		{name: "expand", about: "Run the expansion phase of a database migration.", run: plain((*migrations.Schema).Expand)},
		{name: "export_metadefs", about: "Export metadefinitions data from database to files", metadefs: exportMetadefs()},
		{name: "load_metadefs", about: "Load metadefinition json files to database", metadefs: loadMetadefs()},
		{name: "migrate", about: "Run the data migration phase of a database migration.", run: plain((*migrations.Schema).Migrate)},
		{name: "purge", about: "Purge deleted rows older than a given age from glance tables.", young: true, purge: &purgeAction{30, (*sqldb.DB).Purge}},
		{name: "purge_images_table", about: "Purge deleted rows older than a given age from images table.", young: true, purge: &purgeAction{180, (*sqldb.DB).PurgeImages}},
		{
			name: "sync", about: "Place the database under migration control and upgrade it, creating it first if necessary.", versioned: true,
			run: plain((*migrations.Schema).Sync),
		},
		{name: "unload_metadefs", about: "Unload metadefinitions from database", metadefs: unloadMetadefs()},
		{name: "upgrade", about: "Upgrade the database's migration level.", versioned: true, run: func(ctx context.Context, s *migrations.Schema, out io.Writer, given actionWords) (int, error) {
			return 0, s.Upgrade(ctx, out, given.version)
		}},
		{name: "version", about: "Print the current migration version of the database.", run: plain((*migrations.Schema).Version)},
		{name: "version_control", about: "Place the database under migration control.", versioned: true, run: func(ctx context.Context, s *migrations.Schema, out io.Writer, given actionWords) (int, error) {
			return 0, s.VersionControl(ctx, out, given.version)
		}},
	}
}

// plain is an action without a version; that of sync is ignored.
func plain(run func(*migrations.Schema, context.Context, io.Writer) error) func(context.Context, *migrations.Schema, io.Writer, actionWords) (int, error) {
	return func(ctx context.Context, s *migrations.Schema, out io.Writer, _ actionWords) (int, error) {
		return 0, run(s, ctx, out)
	}
}

func manage(ctx context.Context, in config.Input, stdout io.Writer) (int, error) {
	if len(in.Args) == 0 {
		return 0, usageText(in.Prog + " category action [<args>]\nAvailable categories:\n\tdb\n")
	}
	cfg, args, err := config.LoadTool(in, nil, "COMMAND", true)
	if err != nil {
		return 0, err
	}
	action, words, err := findAction(in.Prog, args.Rest)
	if err != nil {
		return 0, err
	}
	if action.purge != nil {
		return 0, purge(ctx, in.Prog+" db "+action.name, action.purge, words, cfg)
	}
	if action.metadefs != nil {
		return 0, onMetadefs(ctx, in.Prog, action, args.Rest[0] != "db", words, cfg)
	}
	given, err := readActionWords(in.Prog, action, words)
	if err != nil {
		return 0, err
	}
	if cfg.Database.Connection == "" {
		return 0, noDatabase()
	}
	return migrate(ctx, cfg, func(schema *migrations.Schema) (int, error) {
		return action.run(ctx, schema, stdout, given)
	})
}

// migrate opens the database for a command, and tells in the log while it waits
// for it.
func migrate(ctx context.Context, cfg *config.API, run func(*migrations.Schema) (int, error)) (code int, err error) {
	logs, err := oslolog.Open(cfg.Program, false, oslolog.Options(cfg.Log))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	options := databaseOptions(&cfg.Database)
	options.Log = slog.New(logs)
	schema, closeDB, err := sqldb.Migrate(ctx, cfg.Database.Connection, options)
	if err != nil {
		return 0, err
	}
	code, err = run(schema)
	return code, errors.Join(err, closeDB())
}

func noDatabase() error {
	return glance.Errorf(glance.Invalid, "No database is configured: set connection in section [database].")
}

// findAction gives the action that words name and what follows them.
func findAction(prog string, words []string) (dbAction, []string, error) {
	choices := []string{"db"}
	for _, a := range dbActions() {
		if !a.young {
			choices = append(choices, "db_"+a.name)
		}
	}
	if len(words) == 0 {
		return dbAction{}, nil, usageText(prog + " category action [<args>]\nAvailable categories:\n\tdb\n")
	}
	name, legacy := strings.CutPrefix(words[0], "db_")
	switch {
	case !slices.Contains(choices, words[0]):
		return dbAction{}, nil, wrongChoice(prog, "command", words[0], choices)
	case !legacy && len(words) == 1:
		return dbAction{}, nil, usageText(actionList())
	case !legacy:
		name, words = words[1], words[1:]
	}
	choices = nil
	for _, a := range dbActions() {
		if a.name == name {
			return a, words[1:], nil
		}
		choices = append(choices, a.name)
	}
	return dbAction{}, nil, wrongChoice(prog+" db", "action", name, choices)
}

// readActionWords reads what follows an action: --version V or a word, --dry-run.
func readActionWords(prog string, a dbAction, words []string) (given actionWords, err error) {
	prog += " db " + a.name
	flags := []config.Flag{{Names: []string{"help"}, Short: "h", Bool: true, Help: "show this help message and exit"}}
	if a.versioned {
		flags = append(flags, config.Flag{Names: []string{"version"}, Metavar: "<version>", Help: "Database version"})
	}
	if a.dry {
		flags = append(flags, config.Flag{Names: []string{"dry-run"}, Bool: true, Help: "Print the statements and change nothing"})
	}
	args, err := config.ParseFlags(prog, flags, words, false)
	if err != nil {
		return given, err
	}
	if _, help := args.Value("help"); help {
		return given, &config.Exit{Stdout: config.Usage(prog, flags, "")}
	}
	version, found := args.Value("version")
	if a.versioned && !found && len(args.Rest) > 0 {
		version, args.Rest = args.Rest[0], args.Rest[1:]
	}
	if len(args.Rest) > 0 {
		return given, usageError(prog, "unrecognized arguments: "+strings.Join(args.Rest, " "))
	}
	_, given.dryRun = args.Value("dry-run")
	given.version = version
	return given, nil
}

func actionList() string {
	text := "Available actions for 'db':\n"
	for _, a := range dbActions() {
		text += "\t" + a.name + " - " + a.about + "\n"
	}
	return text
}

// usageText is help that somebody gets who asked for nothing.
func usageText(text string) error { return &config.Exit{Code: config.CodeUsage, Stdout: text} }

func wrongChoice(prog, what, given string, choices []string) error {
	return usageError(prog, fmt.Sprintf("argument %s: invalid choice: '%s' (choose from '%s')", what, given, strings.Join(choices, "', '")))
}

func usageError(prog, text string) error {
	return &config.Exit{Code: config.CodeUsage, Stderr: "usage: " + prog + " [-h] ...\n" + prog + ": error: " + text + "\n"}
}
