package oslolog

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// append writes one record as a line.
func (l *layout) append(b []byte, r *record) []byte {
	f := l.plain
	if r.request != "" {
		f = l.context
	}
	b = f.append(b, func(b []byte, p piece) []byte { return l.value(b, p, r) })
	return append(b, '\n')
}

// value appends what a key of the format stands for. Keys that Python has and
// we have not are empty.
func (l *layout) value(b []byte, p piece, r *record) []byte {
	switch p.key {
	case "message", "msg":
		return appendFields(appendClean(b, r.message), r.fields)
	case "asctime":
		return l.date.append(b, r.time)
	case "msecs":
		ms := float64(r.time.Nanosecond()/1000) / 1000
		return strconv.AppendFloat(b, float64(int(ms)), 'f', p.digits, 64)
	case "created":
		return strconv.AppendFloat(b, float64(r.time.UnixMicro())/1e6, 'f', max(p.digits, 6), 64)
	case "process":
		return strconv.AppendInt(b, int64(os.Getpid()), 10)
	case "levelname":
		return append(b, levelName(r.level)...)
	case "levelno":
		return strconv.AppendInt(b, int64(levelNumber(r.level)), 10)
	case "name":
		return appendClean(b, r.logger)
	case "request_id":
		return appendClean(b, r.request)
	case "global_request_id":
		return appendClean(b, orElse(r.global, "None"))
	case "user_identity":
		return l.appendIdentity(b, r.identity)
	case "processName":
		return append(b, "MainProcess"...)
	case "pathname", "filename", "module", "lineno", "funcName":
		return appendPlace(b, p.key, r.pc)
	default:
		if id, ok := r.identity.(Identity); ok {
			return appendClean(b, id.part(p.key))
		}
		return b
	}
}

func (l *layout) appendIdentity(b []byte, identity any) []byte {
	switch id := identity.(type) {
	case Identity:
		return l.identity.append(b, func(b []byte, p piece) []byte { return appendClean(b, orElse(id.part(p.key), "-")) })
	case string:
		return appendClean(b, orElse(id, "-"))
	default:
		return append(b, '-')
	}
}

// part is a part of an identity by its name in format strings.
func (id Identity) part(key string) string {
	switch key {
	case "user", "user_id":
		return id.User
	case "project", "project_id", "tenant":
		return id.Project
	case "domain":
		return id.Domain
	case "system_scope":
		return id.SystemScope
	case "user_domain":
		return id.UserDomain
	case "project_domain":
		return id.ProjectDomain
	default:
		return ""
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// appendPlace writes where in the program the record was made.
func appendPlace(b []byte, key string, pc uintptr) []byte {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	name := filepath.Base(frame.File)
	switch key {
	case "pathname":
		return append(b, frame.File...)
	case "filename":
		return append(b, name...)
	case "module":
		return append(b, strings.TrimSuffix(name, ".go")...)
	case "lineno":
		return strconv.AppendInt(b, int64(frame.Line), 10)
	default:
		return append(b, frame.Function[strings.LastIndexByte(frame.Function, '.')+1:]...)
	}
}

func appendFields(b []byte, fields []field) []byte {
	for _, f := range fields {
		b = append(b, ' ')
		b = append(appendClean(b, f.key), '=')
		text := f.text()
		if text == "" || strings.ContainsAny(text, " \"=") {
			b = strconv.AppendQuote(b, text)
			continue
		}
		b = appendClean(b, text)
	}
	return b
}

// text is a value as text; errors and Stringers speak for themselves.
func (f field) text() string {
	if f.value.Kind() == slog.KindTime {
		return f.value.Time().Format(time.RFC3339Nano)
	}
	if f.value.Kind() == slog.KindAny {
		return fmt.Sprintf("%+v", f.value.Any())
	}
	return f.value.String()
}

// appendClean appends a text so that it stays on its line: control characters
// and what is no UTF-8 are escaped.
func appendClean(b []byte, s string) []byte {
	if isClean(s) {
		return append(b, s...)
	}
	for i, r := range s {
		switch {
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b = fmt.Appendf(b, `\x%02x`, s[i])
		case breaksLine(r) && r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		case breaksLine(r):
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, breaksLine)
		}
	}
	return true
}

// breaksLine: control characters, and the line and paragraph separators.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
