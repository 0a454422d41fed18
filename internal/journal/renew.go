package journal

import (
	"errors"
	"maps"
	"os"
	"slices"
)

// renew moves the entries that are not settled to a new file. Where that fails
// the old file stays in use, and the next attempt waits until it is twice as
// long. A process that is killed in between leaves both files, and their entries
// are handed out twice. j.syncing and j.mu are held.
func (j *Journal) renew() {
	f, size, err := j.copyOpen()
	if err != nil {
		j.rewrite = 2 * j.size
		return
	}
	old := j.file
	j.file, j.size, j.rewrite, j.lost = f, size, max(rewriteAt, 2*size), nil
	// Its name may come back after a power failure, or stay where it cannot be
	// removed: then nobody is to find entries there that were settled since.
	err = old.Truncate(0)
	if err == nil {
		err = datasync(old)
	}
	if err != nil {
		j.broken = err
		return
	}
	_ = os.Remove(old.Name())
	_ = old.Close()
}

// copyOpen makes a file of the entries that are not settled, on the disk.
func (j *Journal) copyOpen() (f *os.File, size int64, err error) {
	var text []byte
	for _, number := range slices.Sorted(maps.Keys(j.open)) {
		if text, err = (line{number, j.open[number]}).append(text); err != nil {
			return nil, 0, err
		}
	}
	if f, err = create(j.dir, j.host); err != nil || f == nil {
		return nil, 0, errors.Join(err, errTaken)
	}
	if _, err = f.Write(text); err == nil {
		err = errors.Join(datasync(f), syncDir(j.dir))
	}
	if err != nil {
		return nil, 0, errors.Join(err, os.Remove(f.Name()), f.Close())
	}
	return f, int64(len(text)), nil
}

// errTaken says that a start took the new file for one of an earlier process.
var errTaken = errors.New("the new file was taken")
