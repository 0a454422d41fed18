package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceCachePruner(context.Background(), app.Process("glance-cache-pruner"), os.Stdout, os.Stderr))
}
