package app

import "net/http"

// Handler serves requests with the generation.
func (g *Generation) Handler() http.Handler { return g.handler }

// Close ends a generation that nobody uses any more.
func (g *Generation) Close() error { return g.close() }
