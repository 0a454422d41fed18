package cache

import (
	"context"
	"fmt"
	"os"
	"time"
)

// between is the time between attempts at a lock that another process has.
const between = 50 * time.Millisecond

// Alone runs f while no other process of this node, of the original's neither,
// does what the lock of that name is for.
func (c *Cache) Alone(ctx context.Context, name string, f func() error) error {
	select {
	case c.turn <- struct{}{}: // locks of files are the process's
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	file, err := os.OpenFile(c.path(name), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return fmt.Errorf("lock the image cache: %w", err)
	}
	defer file.Close() // lets the lock go
	for {
		held, err := lockProcess(file)
		if held {
			return f()
		}
		if err != nil {
			return fmt.Errorf("lock the image cache: %w", err)
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
