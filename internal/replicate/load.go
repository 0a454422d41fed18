package replicate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"glance/internal/glance"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isUUID(text string) bool { return uuid.MatchString(text) }

// Load does for the images of a dump what LiveCopy does for those of a server.
// An image of which the dump has no data is not made.
func (r *Replicator) Load(ctx context.Context, to *Server, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	f := failures{log: r.Log}
	for _, entry := range entries {
		if isUUID(entry.Name()) && !f.note(ctx, entry.Name(), r.load(ctx, to, filepath.Join(dir, entry.Name()))) {
			break
		}
	}
	return f.result()
}

func (r *Replicator) load(ctx context.Context, to *Server, path string) error {
	r.Log.InfoContext(ctx, "Considering: "+filepath.Base(path))
	img, err := readDescription(path)
	if err != nil {
		return err
	}
	dest, err := to.show(ctx, img.id())
	if err != nil {
		return err
	}
	data, err := os.Open(path + dataSuffix)
	there := err == nil
	if there {
		defer data.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch {
	case dest == nil && !there:
		r.Log.DebugContext(ctx, img.id()+" dump is missing image data, skipping")
		return nil
	case dest == nil, dest.status() == queued && there:
		if img, err = described(img, data); err != nil {
			return err
		}
		return r.fill(ctx, to, img, dest, func() (io.ReadCloser, error) { return data, nil })
	default:
		r.Log.DebugContext(ctx, fmt.Sprintf("Image %s already present", img.id()))
		return r.update(ctx, to, img, dest)
	}
}

// described adds the size of a file where a description has none.
func described(img Image, data *os.File) (Image, error) {
	info, err := data.Stat()
	if err == nil && img["size"] == nil {
		img["size"] = json.Number(fmt.Sprint(info.Size()))
	}
	return img, err
}

// readDescription reads one of a dump of ours or of the original's.
func readDescription(path string) (Image, error) {
	text, err := os.ReadFile(path) //nolint:gosec // whoever calls us named it
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var img Image
	if err := decoder.Decode(&img); err != nil {
		return nil, glance.Errorf(glance.Invalid, "%s describes no image: %w", path, err)
	}
	if img = olderDescription(img); img.id() != filepath.Base(path) {
		return nil, glance.Errorf(glance.Invalid, "%s describes another image: %q", path, img.id())
	}
	return img, nil
}
