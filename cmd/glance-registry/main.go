package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceRegistry(context.Background(), app.Process("glance-registry"), os.Stdout, os.Stderr))
}
