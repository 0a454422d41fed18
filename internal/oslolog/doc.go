// Package oslolog writes log records in the layouts that operators of the
// original know, from slog.
//
//	h, err := oslolog.Open("glance-api", cfg.Founding, oslolog.Options(cfg.Log))
//	log := slog.New(h)
//	log = log.With(oslolog.Logger, "glance.api.v2", oslolog.RequestID, "req-…", oslolog.UserIdentity, oslolog.Identity{User: …})
//	log.Info("image is active", oslolog.ImageID, id)
//	h.SetLevel(slog.LevelDebug) // at run time
//	h.Reopen()                  // after the files were moved
//	h.Replace(next)             // after the options changed
//	h.Close()
//
// New(w, founding, options) writes to any io.Writer instead, for tests.
//
// Attributes with the keys Logger, RequestID, GlobalRequestID and UserIdentity
// are placed by the layout; all others follow the message as key=value.
//
// # Layouts
//
// The usual one is that of oslo.log, whose format strings may be configured:
//
//	2026-01-02 03:04:05.678 1234 INFO glance.api.v2 [None req-… user project - - - -] image is active image_id=…
//
// The founding one has neither process nor request:
//
//	2011-02-04 17:12:28    DEBUG [root] Options:
//
// Both are replaced when Options.LogConfig names a file of Python's
// logging.config (see fileconfig.go).
//
// # Promises
//
// A record is one line and one write, whatever it contains: control characters
// are escaped. A Handler is safe for concurrent use. Levels are named DEBUG,
// INFO, WARNING, ERROR and CRITICAL (LevelCritical).
//
// A new place for records is a type with the methods of sink and a line in
// Open.
package oslolog
