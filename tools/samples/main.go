package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
	"strings"

	"glance/internal/config"
	"glance/internal/ini"
)

func main() {
	out := flag.String("out", "etc", "directory to write to")
	flag.Parse()
	for name, text := range samples() {
		if err := os.WriteFile(filepath.Join(*out, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// samples are the generated files by name. A driver's option struct is one
// more ini.Group behind those of config.
func samples() map[string]string {
	return map[string]string{
		"glance-api.conf.sample":        render(config.SampleAPI()...),
		"glance-registry.conf.sample":   render(config.SampleRegistry()...),
		"glance-cache.conf.sample":      tool(config.SampleCache()...),
		"glance-scrubber.conf.sample":   tool(config.SampleScrubber()...),
		"glance-replicator.conf.sample": tool(config.SampleReplicator()...),
	}
}

// tool is the sample of a program that logs to standard error besides a file
// unless it is told not to.
func tool(groups ...ini.Group) string {
	return strings.Replace(render(groups...), "#use_stderr = false", "#use_stderr = true", 1)
}

func render(groups ...ini.Group) string {
	var b strings.Builder
	b.WriteString("# Every option with its default. Remove the # in front to change one.\n\n")
	if err := ini.WriteSample(&b, groups...); err != nil { // a Builder takes everything
		panic(err)
	}
	return b.String()
}
