package app

import (
	"context"
	"io"
	"net/http"
	"time"

	"glance/internal/config"
	"glance/internal/images"
)

// Handler serves requests with the generation.
func (g *Generation) Handler() http.Handler { return g.handler }

// Close ends a generation that nobody uses any more.
func (g *Generation) Close() error { return g.close() }

// NewPeers makes the client for other nodes.
func NewPeers(timeout time.Duration) images.Peers { return newPeers(timeout) }

// Scrubber is GlanceScrubber with a list of processes elsewhere.
func Scrubber(ctx context.Context, in config.Input, proc string, stdout, stderr io.Writer) int {
	return glanceScrubber(ctx, in, proc, stdout, stderr)
}
