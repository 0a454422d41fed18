package app

import (
	"net/http"
	"time"

	"glance/internal/images"
)

// Handler serves requests with the generation.
func (g *Generation) Handler() http.Handler { return g.handler }

// Close ends a generation that nobody uses any more.
func (g *Generation) Close() error { return g.close() }

// NewPeers makes the client for other nodes.
func NewPeers(timeout time.Duration) images.Peers { return newPeers(timeout) }
