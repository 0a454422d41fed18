package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"glance/internal/config"
	"glance/internal/oslolog"
	"glance/internal/replicate"
)

const replicatorCommands = `Commands:

    help <command>  Output help for one of the commands below

    compare         What is missing from the target glance?
    dump            Dump the contents of a glance instance to local disk.
    livecopy        Load the contents of one glance instance into another.
    load            Load the contents of a local directory into glance.
    size            Determine the size of a glance instance if dumped to disk.

`

// replication is a run of glance-replicator.
type replication struct {
	*replicate.Replicator
	options *config.ReplicatorOptions
	out     io.Writer
}

// replicatorCommand is a command that works on images.
type replicatorCommand struct {
	args  int // how many it needs; of more it takes the last ones
	usage string
	run   func(r *replication, ctx context.Context, args []string) error
}

func replicatorCommandOf(name string) (replicatorCommand, bool) {
	command, ok := map[string]replicatorCommand{
		"size": {1, `size <server:port>

    Determine the size of a glance instance if dumped to disk.

    server:port: the location of the glance instance.
    `, (*replication).size},
		"dump": {2, `dump <server:port> <path>

    Dump the contents of a glance instance to local disk.

    server:port: the location of the glance instance.
    path:        a directory on disk to contain the data.
    `, (*replication).dump},
		"load": {2, `load <server:port> <path>

    Load the contents of a local directory into glance.

    server:port: the location of the glance instance.
    path:        a directory on disk containing the data.
    `, (*replication).load},
		"livecopy": {2, `livecopy <fromserver:port> <toserver:port>

    Load the contents of one glance instance into another.

    fromserver:port: the location of the source glance instance.
    toserver:port:   the location of the target glance instance.
    `, between((*replicate.Replicator).LiveCopy)},
		"compare": {2, `compare <fromserver:port> <toserver:port>

    Compare the contents of fromserver with those of toserver.

    fromserver:port: the location of the source glance instance.
    toserver:port:   the location of the target glance instance.
    `, between((*replicate.Replicator).Compare)},
	}[name]
	return command, ok
}

// GlanceReplicator runs one command of glance-replicator; the result is its exit
// code (spec tools §4).
func GlanceReplicator(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	err := replicateImages(ctx, in, stdout)
	var exit *config.Exit
	switch {
	case err == nil:
	case !errors.As(err, &exit):
		if ctx.Err() != nil {
			err = errors.New("interrupted; the same command goes on with what is missing")
		}
		err = config.Fail(config.CodeFailure, errors.New(told(err)))
	case exit.Code == config.CodeUsage:
		err = &config.Exit{Code: config.CodeFailure, Stdout: exit.Stdout, Stderr: exit.Stderr + "Please specify one command\n"}
	}
	return config.Report(err, stdout, stderr)
}

func replicateImages(ctx context.Context, in config.Input, stdout io.Writer) (err error) {
	cfg, args, err := config.LoadReplicator(in)
	if err != nil {
		return err
	}
	name, words := "help", args.Rest
	if len(words) > 0 {
		name, words = words[0], words[1:]
	}
	if name == "help" {
		return replicatorHelp(in.Prog, words, stdout)
	}
	command, ok := replicatorCommandOf(name)
	if !ok {
		return unknownCommand(name)
	}
	logs, err := oslolog.Open(cfg.Program, false, oslolog.Options(cfg.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	r := &replication{options: &cfg.Options, out: stdout, Replicator: &replicate.Replicator{
		Log: slog.New(logs), Chunk: cfg.Options.Chunk, MetaOnly: cfg.Options.MetaOnly, Skip: strings.Fields(cfg.Options.DontReplicate),
	}}
	if len(words) < command.args {
		usage, _, _ := strings.Cut(command.usage, "\n")
		r.Log.ErrorContext(ctx, "usage: "+in.Prog+" "+usage)
		return errors.New("Too few arguments.")
	}
	return command.run(r, ctx, words[len(words)-command.args:])
}

func unknownCommand(name string) error {
	return &config.Exit{Code: config.CodeFailure, Stderr: "Unknown command: " + name + "\n"}
}

func replicatorHelp(prog string, words []string, out io.Writer) error {
	if len(words) == 0 || words[len(words)-1] == "help" {
		return say(out, "%s", replicatorCommands)
	}
	command, ok := replicatorCommandOf(words[len(words)-1])
	if !ok {
		return unknownCommand(words[len(words)-1])
	}
	return say(out, "%s %s\n", prog, command.usage)
}

func (r *replication) server(address, token string) (*replicate.Server, error) {
	url, err := replicate.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	return replicate.NewServer(url, token, r.Chunk), nil
}

func (r *replication) size(ctx context.Context, args []string) error {
	s, err := r.server(args[0], cmp.Or(r.options.TargetToken, r.options.SourceToken))
	if err != nil {
		return err
	}
	total, err := r.Size(ctx, s)
	if err != nil {
		return err
	}
	return say(r.out, "Total size is %d bytes (%s) across %d images\n", total.Bytes, humanSize(total.Bytes), total.Images)
}

func (r *replication) dump(ctx context.Context, args []string) error {
	s, err := r.server(args[0], r.options.SourceToken)
	if err != nil {
		return err
	}
	return r.Dump(ctx, s, args[1])
}

func (r *replication) load(ctx context.Context, args []string) error {
	s, err := r.server(args[0], r.options.TargetToken)
	if err != nil {
		return err
	}
	return r.Load(ctx, s, args[1])
}

// between is a command with a source and a target.
func between(run func(r *replicate.Replicator, ctx context.Context, from, to *replicate.Server) error) func(*replication, context.Context, []string) error {
	return func(r *replication, ctx context.Context, args []string) error {
		to, err := r.server(args[1], r.options.TargetToken)
		if err != nil {
			return err
		}
		from, err := r.server(args[0], r.options.SourceToken)
		if err != nil {
			return err
		}
		return run(r.Replicator, ctx, from, to)
	}
}

// humanSize is a number of bytes as the original prints it.
func humanSize(bytes int64) string {
	const step = 1024
	size := float64(bytes)
	for _, unit := range []string{"", "Ki", "Mi", "Gi", "Ti", "Pi"} {
		if size < step {
			return fmt.Sprintf("%3.1f %sB", size, unit)
		}
		size /= step
	}
	return fmt.Sprintf("%.1f EiB", size)
}
