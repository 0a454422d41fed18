// Package lifecycle is the life of one server process: it listens, tells its
// parent when it is ready, reloads, drains and ends. It knows sockets,
// signals and http.Handler, and nothing of images.
//
// # For a server program
//
// Run is the whole frame of a program. Everything that can fail belongs into
// its start function, reading the configuration included, because only what
// start returns is reported to a waiting glance-control:
//
//	err := lifecycle.Run(ctx, func(ctx context.Context) (*lifecycle.Daemon, error) {
//		... // read options, set up the log, build stores, database, handler
//		srv, err := lifecycle.Open(ctx, serverOptions(cfg), handler, log)
//		if err != nil {
//			return nil, err
//		}
//		return &lifecycle.Daemon{
//			Service: srv,
//			Log:     log,
//			Ready:   func() { fmt.Fprintf(out, "(%d) wsgi starting up on %s\n", os.Getpid(), srv.URL()) },
//			Reload:  func(ctx context.Context) error { ...; return srv.Reconfigure(ctx, serverOptions(next)) },
//		}, nil
//	})
//	... // nil: exit code 0, silently; else print "ERROR: " + err, exit code by kind
//
// The order inside start is: stores and database first, Open last, so that a
// half-built server is never seen as up. A program without a socket (the
// scrubber as a daemon) gives Run its own Service. The handler is fixed for
// the life of a Server; a handler that changes at reload is an atomic pointer
// of the caller's. On failure at reload: build everything first, Reconfigure
// next (it fails without having changed anything), swap the handler last.
//
// # Signals
//
//	TERM, INT  stop accepting, close idle connections, let requests finish
//	           for Daemon.DrainLimit (10 s, below the 15 s of systemd units and
//	           glance-control), then cut. A second one cuts at once.
//	USR1       the same without a limit; TERM afterwards sets the limit.
//	USR2       Daemon.Report, also while draining.
//	HUP        Daemon.Reload, one at a time; any number of HUPs during a reload
//	           make one more. A failure or panic is logged and changes nothing.
//
// They are caught before start runs: HUP never kills, and TERM while starting
// cancels start's context. Cutting has two steps: request contexts are
// cancelled and handlers have a second to answer; then connections are closed,
// which ends reads and writes, and handlers have two seconds to put their
// image back to where it was.
//
// # Timeouts and sendfile
//
// Neither net.Conn nor http.ResponseWriter is ever wrapped, so net/http still
// finds ReadFrom and the kernel still sends files. client_socket_timeout is
// applied like this instead:
//   - request bodies: before each read the deadline is moved on through
//     http.ResponseController. A conn wrapper would have to do this behind the
//     back of net/http, which aborts its own background read by setting a
//     deadline in the past: a wrapper that moves the deadline at that moment
//     loses the abort. At the end of the body the deadline is removed, or that
//     background read would cancel a handler that works longer than the limit.
//   - headers and idle connections: ReadHeaderTimeout, IdleTimeout.
//   - answers: TCP_USER_TIMEOUT, by which the kernel drops a client that takes
//     nothing for that long. A deadline cannot do it: one sendfile call sends
//     megabytes, at the client's pace.
//
// HTTP/2 stays off: its flow control windows slow uploads down, and
// http_keepalive and max_header_line are defined in terms of HTTP/1.
//
// # Handover between parent and server
//
// Launch (parent) and Run (server) talk through three environment variables,
// which Run removes so that no grandchild sees them:
//
//	GLANCE_READY_FD   write end of a pipe: "ready", or the error text
//	GLANCE_PID_FILE   file that the server creates, locks and removes
//	GLANCE_DETACH     true: when ready, the server points 0, 1 and 2 to /dev/null
//
// GLANCE_PID_FILE also works alone, from a systemd unit for instance. Where
// NOTIFY_SOCKET is set, systemd hears READY, RELOADING and STOPPING; where
// LISTEN_FDS and LISTEN_PID say so, Open takes systemd's socket.
//
// A pid file is believed for its lock, not its content: the server holds a
// POSIX record lock, and the kernel names the holder's pid to whoever asks
// (Inspect). Asking takes no lock, so it cannot disturb a server that is just
// starting, and a reused pid, a crash or garbage in the file mislead nobody.
// The price: the server must never open its own pid file a second time,
// because closing that would drop the lock.
//
// # Limits
//
// None is set here. The Go runtime itself raises the soft limit of open files
// to just below the hard one, and lowers nothing; RLIMIT_DATA would break large
// heaps. Run sets the umask 027.
// Linux 5.3 or later is needed (pidfd).
package lifecycle
