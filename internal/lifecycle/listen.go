package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Defaults of the original.
const (
	defaultBacklog  = 4096
	defaultKeepIdle = 600 * time.Second
)

// listen opens addr ("host:port"). A port in use fails at once: waiting for it
// hides that another server is running there. Go sets SO_REUSEADDR. The one
// socket that may be in the way is old (or nil), which the new one replaces:
// 127.0.0.1:9292 for 0.0.0.0:9292.
func listen(ctx context.Context, addr string, backlog int, old *net.TCPListener) (*net.TCPListener, error) {
	network := "tcp"
	if host, err := netip.ParseAddrPort(addr); err == nil && host.Addr().Is4() {
		network = "tcp4" // 0.0.0.0 is not [::] for whoever wrote it
	}
	var conf net.ListenConfig
	if old != nil {
		if err := control(old, reusePort(1)); err != nil {
			return nil, err
		}
		// Only while the new one is bound, or a second server could be, too.
		defer func() { _ = control(old, reusePort(0)) }()
		conf.Control = func(_, _ string, c syscall.RawConn) error { return controlRaw(c, reusePort(1)) }
	}
	l, err := conf.Listen(ctx, network, addr)
	if err != nil {
		var why *os.SyscallError
		if errors.As(err, &why) {
			err = why.Err // the rest of its text repeats the address
		}
		return nil, fmt.Errorf("Could not bind to %s: %w", addr, err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listener of %s is a %T", addr, l), l.Close())
	}
	if err := errors.Join(setBacklog(tcp, backlog), control(tcp, reusePort(0))); err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	return tcp, nil
}

func reusePort(on int) func(fd int) error {
	return func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, on))
	}
}

// setBacklog also works on an open listener: listen(2) may be repeated.
func setBacklog(l *net.TCPListener, n int) error {
	if n <= 0 {
		n = defaultBacklog
	}
	return control(l, func(fd int) error {
		return os.NewSyscallError("listen", unix.Listen(fd, n))
	})
}

// duplicate returns a second listener on the same socket. Connections that
// wait in its queue go to whichever accepts first, so one may replace the
// other without a client noticing. (TCPListener.File will not do: it makes the
// socket that both share a blocking one.)
func duplicate(l *net.TCPListener) (*net.TCPListener, error) {
	var f *os.File
	err := control(l, func(fd int) error {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		f = os.NewFile(uintptr(dup), "listener")
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	dup, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return dup.(*net.TCPListener), nil
}

// tune sets what the original sets on each connection. idle is tcp_keepidle,
// 0 for the default; stall (0 for none) is how long sent data may stay
// untaken.
func tune(c *net.TCPConn, idle, stall time.Duration) error {
	if idle <= 0 {
		idle = defaultKeepIdle
	}
	err := c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: idle, Interval: -1, Count: -1})
	if err != nil || stall <= 0 {
		return err
	}
	return control(c, func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(min(stall.Milliseconds(), math.MaxInt32))))
	})
}

func control(c syscall.Conn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return controlRaw(raw, f)
}

func controlRaw(raw syscall.RawConn, f func(fd int) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
