package app

import (
	"os"
	"runtime/debug"

	"glance/internal/config"
)

// Process is what this process was started with, as the program prog.
func Process(prog string) config.Input {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return config.Input{Prog: prog, Version: version, Args: os.Args[1:], Environ: os.Environ()}
}
