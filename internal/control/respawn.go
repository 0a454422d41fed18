package control

import (
	"context"
	"time"

	"glance/internal/config"
)

// bounce is how long a server must have lived to be started again.
const bounce = time.Second

// watch starts servers again that end against anybody's will, until none is
// left. The end of ctx stops them all.
func (r *run) watch(ctx context.Context, children []*child) int {
	codes := make(chan int)
	for _, c := range children {
		go func() { codes <- r.keep(ctx, c) }()
	}
	code := config.CodeOK
	for range children {
		code = max(code, <-codes)
	}
	return code
}

func (r *run) keep(ctx context.Context, c *child) int {
	for c != nil {
		select {
		case <-c.ended:
		case <-ctx.Done():
			if err := c.end(context.Background()); err != nil {
				return r.fail("%s: %v", c.server, err)
			}
			return config.CodeOK
		}
		switch {
		case c.deliberate():
			r.say("Suppressed respawn as %s was deliberately stopped.", c.server)
			return config.CodeOK
		case time.Since(c.started) < bounce:
			r.say("Suppressed respawn as %s was bouncing.", c.server)
			return config.CodeOK
		}
		r.announce("Respawning", c.server, c.conf)
		next, err := r.launch(c.server, c.conf, c.pidFile)
		if err != nil {
			return r.fail("unable to launch %s. Got error: %v", c.server, err)
		}
		var code int
		if c, code = r.awaitReady(ctx, next); code != config.CodeOK {
			return code
		}
	}
	return config.CodeOK
}
