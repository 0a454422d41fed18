package images

import (
	"context"
	"time"
)

// How long Leftovers waits before it tries again; twice as long each time.
const (
	retryFirst = time.Second
	retryMost  = 15 * time.Second
)

// Leftovers tries again what could not be settled because the database or a
// store was out of reach, until it works or the process ends. Then it is a
// matter of the next start.
type Leftovers struct {
	Recoverer *Recoverer
	Jobs      *Jobs
}

// Add takes over an entry of the journal; done settles it there. A nil one
// leaves it to the next start.
func (l *Leftovers) Add(ctx context.Context, entry map[string]string, done func()) {
	if l != nil {
		l.add(ctx, entry, done)
	}
}

func (l *Leftovers) add(ctx context.Context, entry map[string]string, done func()) {
	err := l.Jobs.Beside(func(ctx context.Context) {
		for pause := retryFirst; ; pause = min(2*pause, retryMost) {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			if l.try(ctx, entry) {
				done()
				return
			}
		}
	})
	if err != nil {
		l.Recoverer.Log.WarnContext(ctx, "something is left until the next start", "image_id", entry[entryImage], "error", err)
	}
}

func (l *Leftovers) try(ctx context.Context, entry map[string]string) bool {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err := l.Recoverer.Settle(ctx, entry)
	if err != nil {
		l.Recoverer.Log.DebugContext(ctx, "something is still left", "image_id", entry[entryImage], "error", err)
	}
	return err == nil
}

// deed is what this process has journalled and answers for.
type deed struct {
	entry     map[string]string
	done      func()
	leftovers *Leftovers // nil leaves it to the next start
	left      bool       // something of it stays to be settled
}

func (d *deed) begin(j Journal, l *Leftovers, entry map[string]string) (err error) {
	d.entry, d.leftovers = entry, l
	d.done, err = j.Begin(entry)
	return err
}

// later has it settled when that may work again.
func (d *deed) later(ctx context.Context) {
	if d.leftovers != nil {
		d.leftovers.add(ctx, d.entry, d.done)
	}
}

// settle ends the deed, now or later.
func (d *deed) settle(ctx context.Context) {
	if d.left {
		d.later(ctx)
	} else {
		d.done()
	}
}
