package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"glance/internal/cacheclient"
	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/texttable"
)

const cacheDeprecation = "In the Caracal development cycle, the glance-cache-manage command has been deprecated in favor of the new Cache API. " +
	"It is scheduled to be removed in the Dalmatian development cycle.\n"

// cacheCommand is one of glance-cache-manage (spec cache §7.1).
type cacheCommand struct {
	usage    string // behind the name
	about    string
	action   string // in "Failed to …"
	onImage  bool   // takes an id
	question string // %s is the id; none is asked when empty
	run      func(m *cacheManager, ctx context.Context, id string) error
}

func cacheCommandOf(name string) (cacheCommand, bool) {
	command, ok := map[string]cacheCommand{
		"list-cached": {
			about: "List all images currently cached.", action: "show cached images", run: (*cacheManager).listCached,
		},
		"list-queued": {
			about: "List all images currently queued for caching.", action: "show queued images", run: (*cacheManager).listQueued,
		},
		"queue-image": {
			usage: " <IMAGE_ID>", about: "Queues an image for caching.", action: "queue the specified image for caching", onImage: true,
			question: "Queue image %s for caching?", run: onCachedImage((*cacheclient.Client).Queue, "Queued image %s for caching"),
		},
		"delete-cached-image": {
			usage: " <IMAGE_ID>", about: "Deletes an image from the cache.", action: "delete the specified cached image", onImage: true,
			question: "Delete cached image %s?", run: onCachedImage((*cacheclient.Client).DeleteCached, "Deleted cached image %s"),
		},
		"delete-all-cached-images": {
			about: "Remove all images from the cache.", action: "Delete all cached images",
			question: "Delete all cached images?", run: onCache((*cacheclient.Client).DeleteAllCached, "Deleted %d cached images"),
		},
		"delete-queued-image": {
			usage: " <IMAGE_ID>", about: "Deletes an image from the cache.", action: "delete the specified queued image", onImage: true,
			question: "Delete queued image %s?", run: onCachedImage((*cacheclient.Client).DeleteQueued, "Deleted queued image %s"),
		},
		"delete-all-queued-images": {
			about: "Remove all images from the cache queue.", action: "Delete all queued images",
			question: "Delete all queued images?", run: onCache((*cacheclient.Client).DeleteAllQueued, "Deleted %d queued images"),
		},
	}[name]
	return command, ok
}

// cacheManager is a run of glance-cache-manage.
type cacheManager struct {
	*cacheclient.Client
	words *cacheWords
	in    *bufio.Reader
	out   io.Writer
}

// GlanceCacheManage runs one command of glance-cache-manage; the result is its
// exit code.
func GlanceCacheManage(ctx context.Context, in config.Input, stdin io.Reader, stdout, stderr io.Writer) int {
	_, _ = io.WriteString(stderr, cacheDeprecation) // a terminal that is gone is no reason not to work
	words, err := readCacheWords(in)
	if err == nil {
		m := &cacheManager{words: words, in: bufio.NewReader(stdin), out: stdout}
		err = m.command(ctx, in.Prog)
	}
	return config.Report(err, stdout, stderr)
}

func (m *cacheManager) command(ctx context.Context, prog string) error {
	name := m.words.command[0]
	if name == "help" {
		return m.help(prog)
	}
	command, ok := cacheCommandOf(name)
	if !ok {
		return unknownCacheCommand(name)
	}
	begun := time.Now()
	err := m.failed(command, m.perform(ctx, command))
	if !m.words.verbose {
		return err
	}
	text := fmt.Sprintf("Completed in %.4f sec.\n", time.Since(begun).Seconds())
	if exit := (*config.Exit)(nil); errors.As(err, &exit) {
		exit.Stdout += text
		return err
	}
	return say(m.out, "%s", text)
}

func unknownCacheCommand(name string) error {
	return &config.Exit{
		Code:   config.CodeFailure,
		Stdout: fmt.Sprintf("\nError: \"%s\" is not a valid command.\n\n%s\n", name, cacheCommandList),
		Stderr: "Unknown command: " + name + "\n",
	}
}

func (m *cacheManager) help(prog string) error {
	words := m.words.command[1:]
	if len(words) == 0 || words[0] == "help" {
		return say(m.out, "%s", cacheHelp)
	}
	command, ok := cacheCommandOf(words[0])
	if !ok {
		return unknownCacheCommand(words[0])
	}
	return say(m.out, "%s %s%s [options]\n\n    %s\n    \n", prog, words[0], command.usage, command.about)
}

// failed prints what went wrong.
func (m *cacheManager) failed(command cacheCommand, err error) error {
	say := func(text string) error {
		return &config.Exit{Code: config.CodeFailure, Stdout: text + "\n", Cause: err}
	}
	var exit *config.Exit
	switch {
	case err == nil || errors.As(err, &exit):
		return err
	case errors.Is(err, glance.NotFound):
		return say("Cache management middleware not enabled on host " + m.words.host)
	case errors.Is(err, glance.Forbidden):
		return say("Not authorized to make this request.")
	case m.words.debug: // where the original shows a traceback
		return &config.Exit{Code: config.CodeFailure, Stderr: err.Error() + "\n", Cause: err}
	}
	return say("Failed to " + command.action + ". Got error:\n" + reason(err))
}

// reason is what a user is told of a failure: of one that has a detail for
// others, the cause.
func reason(err error) string {
	var known *glance.Error
	if errors.As(err, &known) && known.Message == "" && known.Cause != nil {
		return known.Cause.Error()
	}
	return told(err)
}

// looseUUID is what Python's uuid.UUID takes, but for the hyphens.
var looseUUID = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

func (m *cacheManager) perform(ctx context.Context, command cacheCommand) (err error) {
	id := ""
	if command.onImage {
		if id, err = m.image(); err != nil {
			return err
		}
	}
	if command.question != "" && !m.words.force {
		question := command.question
		if command.onImage {
			question = fmt.Sprintf(question, id)
		}
		if yes, err := m.confirmed(question); err != nil || !yes {
			return err
		}
	}
	var leave func() error
	if m.Client, leave, err = cacheLogin(m.words); err != nil {
		return err
	}
	return errors.Join(command.run(m, ctx, id), leave())
}

// image is the id that the command line names.
func (m *cacheManager) image() (string, error) {
	words := m.words.command
	if len(words) != 2 {
		return "", &config.Exit{Code: config.CodeFailure, Stdout: "Please specify the ID of the image you wish for command " +
			"'" + words[0] + "' from the cache as the first and only argument.\n"}
	}
	if !looseUUID.MatchString(strings.NewReplacer("urn:", "", "uuid:", "", "{", "", "}", "", "-", "").Replace(words[1])) {
		return "", &config.Exit{Code: config.CodeFailure, Stdout: "Image ID '" + words[1] + "' is not a valid UUID.\n"}
	}
	return words[1], nil
}

func (m *cacheManager) confirmed(question string) (bool, error) {
	if err := say(m.out, "%s [y/N] ", question); err != nil {
		return false, err
	}
	answer, err := m.in.ReadString('\n')
	if err != nil && answer == "" {
		return false, errors.New("EOF when reading a line")
	}
	switch strings.ToLower(strings.TrimRight(answer, "\r\n")) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

func (m *cacheManager) listCached(ctx context.Context, _ string) error {
	images, err := m.Cached(ctx)
	if err != nil {
		return err
	}
	if len(images) == 0 {
		return say(m.out, "No cached images.\n")
	}
	t := texttable.Table{Columns: []texttable.Column{
		{Title: "ID"},
		{Title: "Last Accessed (UTC)"},
		{Title: "Last Modified (UTC)"},
		{Title: "Size", Align: texttable.Right},
		{Title: "Hits", Align: texttable.Right},
	}}
	for _, img := range images {
		accessed := "N/A"
		if img.LastAccessed != 0 {
			accessed = img.LastAccessed.String()
		}
		t.Rows = append(t.Rows, []string{img.ID, accessed, img.LastModified.String(), img.Size.String(), img.Hits.String()})
	}
	return say(m.out, "Found %d cached images...\n%s\n", len(images), t.String())
}

func (m *cacheManager) listQueued(ctx context.Context, _ string) error {
	ids, err := m.Queued(ctx)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return say(m.out, "No queued images.\n")
	}
	t := texttable.Table{Columns: []texttable.Column{{Title: "ID"}}}
	for _, id := range ids {
		t.Rows = append(t.Rows, []string{id})
	}
	return say(m.out, "Found %d queued images...\n%s\n", len(ids), t.String())
}

// onCachedImage is a command on one image; done is what it tells when verbose.
func onCachedImage(do func(*cacheclient.Client, context.Context, string) error, done string) func(*cacheManager, context.Context, string) error {
	return func(m *cacheManager, ctx context.Context, id string) error {
		if err := do(m.Client, ctx, id); err != nil || !m.words.verbose {
			return err
		}
		return say(m.out, done+"\n", id)
	}
}

// onCache is a command on all images.
func onCache(do func(*cacheclient.Client, context.Context) (int, error), done string) func(*cacheManager, context.Context, string) error {
	return func(m *cacheManager, ctx context.Context, _ string) error {
		n, err := do(m.Client, ctx)
		if err != nil || !m.words.verbose {
			return err
		}
		return say(m.out, done+"\n", n)
	}
}
