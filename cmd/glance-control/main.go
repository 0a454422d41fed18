package main

import (
	"os"
	"runtime/debug"

	"glance/internal/control"
)

func main() {
	os.Exit(control.Main(version(), os.Args[1:]))
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
