package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceScrubber(context.Background(), app.Process("glance-scrubber"), os.Stdout, os.Stderr))
}
