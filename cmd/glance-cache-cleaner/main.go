package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceCacheCleaner(context.Background(), app.Process("glance-cache-cleaner"), os.Stdout, os.Stderr))
}
