package config

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Exit codes of the servers. Source: spec servers §4, "Exit codes".
const (
	CodeOK      = 0
	CodeFailure = 1  // cannot start: no paste file, address in use, …
	CodeUsage   = 2  // a wrong command line; argparse's code
	CodeStore   = 3  // a store is configured wrongly
	CodeValue   = 4  // a value is wrong where it is used
	CodeOption  = 5  // a value in a configuration file is wrong
	CodeUnknown = 99 // anything else
)

// Exit is the reason to end a program early with these texts and this code;
// with code 0 it is no failure (--help, --version).
type Exit struct {
	Code   int
	Stdout string
	Stderr string
	Cause  error
}

func (e *Exit) Error() string {
	return strings.TrimRight(e.Stderr+e.Stdout, "\n")
}

func (e *Exit) Unwrap() error { return e.Cause }

// Fail is an Exit that prints "ERROR: " and the error.
func Fail(code int, cause error) *Exit {
	return &Exit{Code: code, Stderr: "ERROR: " + cause.Error() + "\n", Cause: cause}
}

// Report prints what an error has to say and returns the exit code: that of an
// Exit anywhere in its chain, else CodeUnknown; 0 for nil.
func Report(err error, stdout, stderr io.Writer) int {
	if err == nil {
		return CodeOK
	}
	var exit *Exit
	if !errors.As(err, &exit) {
		exit = Fail(CodeUnknown, err)
	}
	// There is nobody left to tell that the terminal is gone.
	_, _ = io.WriteString(stdout, exit.Stdout)
	_, _ = io.WriteString(stderr, exit.Stderr)
	return exit.Code
}

// usageError is a mistake on the command line in argparse's form.
func usageError(prog string, flags []Flag, msg string) *Exit {
	return &Exit{
		Code:   CodeUsage,
		Stderr: usage(prog, flags, "") + fmt.Sprintf("%s: error: %s\n", prog, msg),
	}
}
