package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"glance/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.GlancePolicy(ctx, app.Process("glance-policy"), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
