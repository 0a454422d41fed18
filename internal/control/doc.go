// Package control is glance-control: it starts, stops, reloads and watches the
// servers glance-api, glance-registry and glance-scrubber.
//
//	glance-control [options] <SERVER> <COMMAND> [CONFPATH] [words for the server]
//
// # What it promises
//
// A start has succeeded (exit code 0) when the server serves: it reports that
// itself (package lifecycle). Until then its output is kept back; of a start
// that fails the user sees all of it, gets exit code 1, and no pid file is
// left. Nothing limits the wait but --await-child: after that many seconds a
// server that still starts is left to itself, and of one that died its exit
// code is passed on. Ctrl-C while waiting ends the server.
//
// stop (TERM) and shutdown (USR1: all requests finish, however long) return
// when the process is gone, so restart never meets the old listener. stop
// gives up after 15 s. A process counts as ours only when it holds the lock of
// its pid file; the file is never removed before the process has ended.
//
// all means api and registry, and for stop, shutdown, restart and status also
// a scrubber that is running. The scrubber is started as a daemon.
//
// # Command line
//
// glance-control's own options may stand anywhere before a "--". Logging
// options and --config-file are passed on to the server. The first other word
// behind the command is CONFPATH unless it is an option that nobody here knows: it must
// exist, and the server gets it absolute. All other words are the server's and
// passed as they are. Without CONFPATH and --config-file one must be found where
// the server will look for it.
//
// # Compat
//
// Texts are those of the founding document and the releases of its time, where
// it has none of later ones. Nothing to stop and already running are exit code
// 0, as is any status; wrong words are 1, wrong options 2.
//
// A new command is a line in commands and a method of run; a new server is a
// line in servers.
package control
