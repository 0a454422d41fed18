package metadefs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Loader brings metadata definitions from files into the database (spec
// metadefs-v2 §9). What is wrong with a file is logged.
type Loader struct {
	Database metadata.MetadefLoader
	Log      *slog.Logger
}

// LoadOptions say what happens to what is there already; see metadata.LoadMode.
type LoadOptions struct {
	Merge     bool
	PreferNew bool // needs Merge
	Overwrite bool // needs Merge
}

// mode gives the mode of the options, or what is wrong with them.
func (o LoadOptions) mode() (mode metadata.LoadMode, problem string) {
	switch {
	case !o.Merge && (o.PreferNew || o.Overwrite):
		return 0, "To use --prefer_new or --overwrite you need to combine of these options with --merge option."
	case o.PreferNew && o.Overwrite:
		return 0, "Please provide no more than one option from this list: --prefer_new, --overwrite"
	case o.Overwrite:
		return metadata.LoadAnew, ""
	case o.PreferNew:
		return metadata.LoadChanged, ""
	case o.Merge:
		return metadata.LoadMissing, ""
	}
	return metadata.LoadNew, ""
}

// Load loads the file at path, or all *.json files of the directory, one
// transaction each. Its error says that the database does not work; all else
// is logged, and the other files are loaded.
func (l *Loader) Load(ctx context.Context, path string, opts LoadOptions) error {
	mode, problem := opts.mode()
	if problem != "" {
		l.Log.ErrorContext(ctx, problem)
		return nil
	}
	files, err := definitionFiles(path)
	if err != nil {
		l.Log.ErrorContext(ctx, err.Error())
		return nil
	}
	if len(files) == 0 {
		l.Log.ErrorContext(ctx, "Json schema files not found in "+path+". Aborting.")
		return nil
	}
	for _, file := range files {
		if err := l.load(ctx, file, mode); err != nil {
			return err
		}
	}
	l.Log.InfoContext(ctx, "Metadata loading finished")
	return nil
}

// definitionFiles gives path if it is a file, or the files in it.
func definitionFiles(path string) ([]string, error) {
	if isFile(path) {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if name := filepath.Join(path, e.Name()); strings.HasSuffix(name, ".json") && isFile(name) {
			files = append(files, name)
		}
	}
	return files, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// load loads one file.
func (l *Loader) load(ctx context.Context, file string, mode metadata.LoadMode) error {
	ns, err := readDefinitions(file)
	if err != nil {
		l.Log.ErrorContext(ctx, fmt.Sprintf("Failed to parse json file %s while populating metadata due to: %v", file, err))
		return nil
	}
	existed, err := l.Database.LoadNamespace(ctx, ns, mode)
	switch {
	case glance.KindOf(err) == glance.Invalid: // a value that no column holds
		l.Log.ErrorContext(ctx, fmt.Sprintf("Failed to load json file %s due to: %v", file, err))
		return nil
	case err != nil:
		return fmt.Errorf("load %s: %w", file, err)
	case existed && mode == metadata.LoadNew:
		l.Log.InfoContext(ctx, "Skipping namespace "+ns.Name+". It already exists in the database.")
		return nil
	case existed && mode == metadata.LoadAnew:
		l.Log.InfoContext(ctx, "Overwriting namespace "+ns.Name)
	}
	l.Log.InfoContext(ctx, "File "+file+" loaded to database.")
	return nil
}

// largestFile bounds a file of definitions in bytes.
const largestFile = 16 << 20

func readDefinitions(file string) (_ *glance.MetadefNamespace, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > largestFile {
		return nil, fmt.Errorf("the file has more than %d bytes", largestFile)
	}
	return ParseNamespace(text)
}
