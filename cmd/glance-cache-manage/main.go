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
	code := app.GlanceCacheManage(ctx, app.Process("glance-cache-manage"), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
