package oslolog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// sizeRoller moves a file to NAME.1 when it would grow over the limit, NAME.1 to
// NAME.2 and so on.
type sizeRoller struct {
	limit int64
	keep  int
}

func (r *sizeRoller) due(size int64, line int, _ time.Time) bool {
	return size > 0 && size+int64(line) > r.limit
}

func (r *sizeRoller) move(path string, _ time.Time) error {
	for i := r.keep - 1; i >= 1; i-- {
		err := missingIsFine(os.Rename(fmt.Sprintf("%s.%d", path, i), fmt.Sprintf("%s.%d", path, i+1)))
		if err != nil {
			return err
		}
	}
	return missingIsFine(os.Rename(path, path+".1"))
}

// missingIsFine: somebody else may have taken the file away already.
func missingIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// timeRoller moves a file to NAME.DATE when its interval is over. Units, names
// and the begin of intervals are those of Python's TimedRotatingFileHandler.
type timeRoller struct {
	unit     string
	interval time.Duration // of the units that are no calendar days
	weekday  time.Weekday
	suffix   string // layout of the date
	keep     int
	next     time.Time
}

func newTimeRoller(o *Options, from time.Time) (*timeRoller, error) {
	r := &timeRoller{unit: strings.ToLower(o.RotateUnit), keep: o.MaxFiles, suffix: "2006-01-02"}
	n := time.Duration(max(o.RotateInterval, 1))
	switch r.unit {
	case "seconds":
		r.interval, r.suffix = n*time.Second, "2006-01-02_15-04-05"
	case "minutes":
		r.interval, r.suffix = n*time.Minute, "2006-01-02_15-04"
	case "hours":
		r.interval, r.suffix = n*time.Hour, "2006-01-02_15"
	case "days", "":
		r.interval = n * 24 * time.Hour
	case "midnight":
	case "weekday":
		if o.RotateInterval < 0 || o.RotateInterval > 6 {
			return nil, fmt.Errorf("log_rotate_interval should be a weekday from 0 (Monday) to 6, found %d", o.RotateInterval)
		}
		r.weekday = time.Weekday((o.RotateInterval + 1) % 7)
	default:
		return nil, fmt.Errorf("log_rotate_interval_type should be Seconds, Minutes, Hours, Days, Weekday or Midnight, found %q", o.RotateUnit)
	}
	r.next = r.after(from)
	return r, nil
}

// after is the end of the interval that begins at t.
func (r *timeRoller) after(t time.Time) time.Time {
	if r.interval > 0 {
		return t.Add(r.interval)
	}
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	for r.unit == "weekday" && day.Weekday() != r.weekday {
		day = day.AddDate(0, 0, 1)
	}
	return day.AddDate(0, 0, 1)
}

func (r *timeRoller) due(_ int64, _ int, now time.Time) bool { return !now.Before(r.next) }

func (r *timeRoller) move(path string, now time.Time) error {
	begin := r.next.AddDate(0, 0, -1)
	if r.interval > 0 {
		begin = r.next.Add(-r.interval)
	}
	for !now.Before(r.next) {
		r.next = r.after(r.next)
	}
	if err := missingIsFine(os.Rename(path, path+"."+begin.Format(r.suffix))); err != nil {
		return err
	}
	return r.removeOld(path)
}

func (r *timeRoller) removeOld(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	var old []string
	for _, e := range entries {
		date, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if _, err := time.Parse(r.suffix, date); ok && err == nil {
			old = append(old, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Sort(old) // dates sort as texts
	var errs []error
	for _, name := range old[:max(0, len(old)-r.keep)] {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}
