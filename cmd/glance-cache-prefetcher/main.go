package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceCachePrefetcher(context.Background(), app.Process("glance-cache-prefetcher"), os.Stdout, os.Stderr))
}
