package app

import (
	"context"

	"glance/internal/lifecycle"
)

// draining is the server with what its generations do beside requests.
type draining struct {
	*lifecycle.Server
	stage *stage
}

// Drain waits for requests, and then for the rest.
func (d draining) Drain(ctx context.Context) error {
	err := d.Server.Drain(ctx)
	for _, g := range d.stage.live() {
		for _, drain := range g.drains {
			drain(ctx)
		}
	}
	return err
}
