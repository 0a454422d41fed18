package main

import (
	"context"
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceAPI(context.Background(), app.Process("glance-api"), os.Stdout, os.Stderr))
}
