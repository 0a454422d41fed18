package main

import (
	"os"

	"glance/internal/app"
)

func main() {
	os.Exit(app.GlanceStatus(app.Process("glance-status"), os.Stdout, os.Stderr))
}
