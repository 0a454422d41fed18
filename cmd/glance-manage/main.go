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
	code := app.GlanceManage(ctx, app.Process("glance-manage"), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
