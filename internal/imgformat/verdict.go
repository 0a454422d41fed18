package imgformat

import (
	"fmt"
	"slices"
	"strings"
)

// A Verdict says what a file is. It does not change.
type Verdict struct {
	size  int64
	found []finding // raw is the first, always; none: no file was inspected, nothing passes
}

type finding struct {
	format string
	report
}

func (v *Verdict) add(format string, r report) {
	for k := range r.failures {
		r.failures[k].Format = format
	}
	v.found = append(v.found, finding{format, r})
}

// Rules are the options in group [image_format] that decide what passes. The zero value is the default.
type Rules struct {
	AllowMismatch bool     // require_image_format_match is off
	GPTNonFatal   []string // gpt_safety_checks_nonfatal: checks a gpt image may fail
}

// A Judgement is what to note of an image that passes.
type Judgement struct {
	VirtualSize *int64   // bytes, more than 0; nil if unknown
	Warnings    []string // what the operator should know, one log line each
}

// Size is the length of the file in bytes.
func (v Verdict) Size() int64 { return v.size }

// Detected is the name of the file's format, "raw" if it has no other. It is an [Error] of reason Mismatch if it bears
// the marks of several: one reader would see another image in it than the next.
func (v Verdict) Detected() (string, error) {
	f, err := v.detected()
	return f.format, err
}

func (v Verdict) detected() (finding, error) {
	matches := v.found
	if len(matches) > 1 {
		matches = matches[1:]
	}
	if len(matches) == 1 || v.bootableISO() {
		return matches[0], nil
	}
	return finding{}, v.several(matches)
}

// bootableISO tells an iso that has a boot record for disks, which is common.
func (v Verdict) bootableISO() bool {
	return len(v.found) == 3 && v.found[1].format == "iso" && v.found[2].format == "gpt"
}

func (Verdict) several(matches []finding) error {
	names := make([]string, len(matches))
	for k, f := range matches {
		names[k] = f.format
	}
	return &Error{Reason: Mismatch, text: "Multiple formats detected: " + strings.Join(names, ",")}
}

// Judge decides whether the file may become an image of disk format declared. An error is an [*Error].
func (v Verdict) Judge(declared string, rules Rules) (Judgement, error) {
	var j Judgement
	size, err := v.match(declared, &j)
	if err == nil {
		err = v.whole()
	}
	if err != nil && !rules.AllowMismatch {
		return Judgement{}, err
	}
	if err != nil {
		j.Warnings = append(j.Warnings, err.Error())
	} else if size > 0 {
		j.VirtualSize = &size
	}
	fatal, tolerated := v.failures(rules.GPTNonFatal)
	for _, f := range tolerated {
		j.Warnings = append(j.Warnings, f.String())
	}
	if len(fatal) > 0 {
		return Judgement{}, unsafeImage(fatal)
	}
	return j, nil
}

// match compares the declared format with the content and returns the virtual size.
func (v Verdict) match(declared string, j *Judgement) (int64, error) {
	got, err := v.detected()
	if err != nil {
		return 0, err
	}
	switch {
	case got.format == declared && got.unreadable:
		return 0, &Error{Reason: Unreadable, text: "Image format inspection failed"}
	case got.format == declared:
		return got.virtualSize, nil
	case got.format == "raw" && !Inspectable(declared):
		return 0, nil
	case declared == "raw" && v.bootableISO():
		// Compat: an iso passes as raw, but not one with a boot record (spec formats §4, golden formats-lax-2).
		return 0, v.several(v.found[1:])
	case declared == "raw":
		j.Warnings = append(j.Warnings, "Image disk_format raw holds stream data "+got.format)
		return v.size, nil
	}
	return 0, &Error{
		Reason: Mismatch,
		text:   fmt.Sprintf("Image disk_format %s does not match stream data %s", declared, got.format),
	}
}

// whole fails if the file ends before it could be judged.
func (v Verdict) whole() error {
	if got, err := v.detected(); err != nil || !got.incomplete {
		return err
	}
	return &Error{Reason: Mismatch, text: "Incomplete file cannot be safety checked"}
}

// Safe fails with an [*Error] if the file, whatever it is declared to be, must not be handed to anybody. Checks of a
// gpt image that are named in gptNonFatal do not count.
func (v Verdict) Safe(gptNonFatal []string) error {
	if fatal, _ := v.failures(gptNonFatal); len(fatal) > 0 {
		return unsafeImage(fatal)
	}
	return v.whole()
}

// failures are those of the detected format, or of all when there are several and any reader may be meant.
func (v Verdict) failures(gptNonFatal []string) (fatal, tolerated []Failure) {
	matches := v.found
	if got, err := v.detected(); err == nil {
		matches = []finding{got}
	}
	for _, m := range matches {
		for _, f := range m.failures {
			if m.format == "gpt" && slices.Contains(gptNonFatal, f.Check) {
				tolerated = append(tolerated, f)
			} else {
				fatal = append(fatal, f)
			}
		}
	}
	return fatal, tolerated
}
