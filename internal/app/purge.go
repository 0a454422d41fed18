package app

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
	"glance/internal/oslolog"
)

// purgeAction is an action that removes rows (spec tools §2.2).
type purgeAction struct {
	days int // the age when none is given
	run  func(*sqldb.DB, context.Context, sqldb.Purge) error
}

func purge(ctx context.Context, prog string, a *purgeAction, words []string, cfg *config.API) error {
	days, most, err := purgeLimits(prog, a, words, time.Now())
	if err != nil {
		return err
	}
	return onDatabase(ctx, cfg, func(db *sqldb.DB, log *slog.Logger) error {
		err := a.run(db, ctx, sqldb.Purge{
			Before: time.Now().AddDate(0, 0, -days), Most: most,
			Table: func(table string) {
				log.Info("Purging deleted rows older than " + strconv.Itoa(days) + " day(s) from table " + table)
			},
			Gone: func(table string, rows int64) {
				log.Info("Deleted " + strconv.FormatInt(rows, 10) + " row(s) from table " + table)
			},
		})
		if errors.Is(err, glance.Conflict) {
			log.Error("purge failed", "error", err)
			return glance.Errorf(glance.Conflict, "Purge command failed, check glance-manage logs for more details.")
		}
		return err
	})
}

// onDatabase opens the database and a log for an action.
func onDatabase(ctx context.Context, cfg *config.API, action func(*sqldb.DB, *slog.Logger) error) (err error) {
	if cfg.Database.Connection == "" {
		return noDatabase()
	}
	logs, err := oslolog.Open(cfg.Program, false, oslolog.Options(cfg.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	options := databaseOptions(&cfg.Database)
	options.Log = slog.New(logs)
	db, err := sqldb.Open(ctx, cfg.Database.Connection, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return action(db, options.Log)
}

// purgeLimits reads --age_in_days and --max_rows, or both as words.
func purgeLimits(prog string, a *purgeAction, words []string, now time.Time) (days, most int, err error) {
	names := []string{"age-in-days", "max-rows"} // underscores mean the same
	flags := []config.Flag{
		{Names: []string{"help"}, Short: "h", Bool: true, Help: "show this help message and exit"},
		{Names: names[:1], Metavar: "ACTION_KWARG_AGE_IN_DAYS", Help: "Purge deleted rows older than age in days"},
		{Names: names[1:], Metavar: "ACTION_KWARG_MAX_ROWS", Help: "Limit number of records to delete. All deleted rows will be purged if equals -1."},
	}
	args, err := config.ParseFlags(prog, flags, words, false)
	if err != nil {
		return 0, 0, err
	}
	if _, help := args.Value("help"); help {
		return 0, 0, &config.Exit{Stdout: config.Usage(prog, flags, "")}
	}
	if len(args.Rest) > len(names) {
		return 0, 0, usageError(prog, "unrecognized arguments: "+strings.Join(args.Rest[len(names):], " "))
	}
	values := [...]int{a.days, 100}
	for i, name := range names {
		text, given := args.Value(name)
		name = strings.ReplaceAll(name, "-", "_")
		word := i < len(args.Rest)
		if !given && !word {
			continue
		}
		if !given {
			text = args.Rest[i]
		}
		if values[i], err = strconv.Atoi(strings.TrimSpace(text)); errors.Is(err, strconv.ErrRange) {
			values[i] = math.MaxInt // refused below
		} else if err != nil && given {
			return 0, 0, usageError(prog, "argument --"+name+": invalid int value: '"+text+"'")
		} else if err != nil {
			return 0, 0, glance.Errorf(glance.Invalid, "Invalid int value for %s: %s", name, text)
		}
	}
	return values[0], values[1], checkPurge(values[0], values[1], now)
}

func checkPurge(days, most int, now time.Time) error {
	switch {
	case days < 0:
		return glance.Errorf(glance.Invalid, "Must supply a non-negative value for age.")
	case int64(days) >= now.Unix()/86400:
		return glance.Errorf(glance.Invalid, "Maximal age is count of days since epoch.")
	case most < -1:
		return glance.Errorf(glance.Invalid, "Minimal rows limit is -1.")
	case most > math.MaxInt32:
		return glance.Errorf(glance.Invalid, "'max_rows' value out of range, must not exceed 2147483647.")
	}
	return nil
}
