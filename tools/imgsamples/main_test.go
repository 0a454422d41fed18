package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testdata = "../../internal/imgformat/testdata"

func TestSamplesAreCurrent(t *testing.T) {
	for name, samples := range families() {
		got, err := os.ReadFile(filepath.Join(testdata, name+".samples"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, render(samples)) {
			t.Errorf("%s.samples is not what imgsamples makes; run go run ./tools/imgsamples", name)
		}
	}
}

func TestNoSampleIsLeftOver(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.samples"))
	if err != nil {
		t.Fatal(err)
	}
	made := families()
	for _, f := range files {
		if _, ok := made[strings.TrimSuffix(filepath.Base(f), ".samples")]; !ok {
			t.Errorf("nothing makes %s", f)
		}
	}
}
