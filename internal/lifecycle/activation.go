package lifecycle

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstActivated is the descriptor where the service manager's sockets begin.
const firstActivated = 3

// activated takes the listening socket that the service manager has opened for
// this very process (socket activation), nil when there is none. The variables
// that announce it go, so that no child of ours believes it is meant.
func activated() (*net.TCPListener, error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	if pid != strconv.Itoa(os.Getpid()) || count == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n != 1 {
		return nil, fmt.Errorf("the service manager passes %q sockets, one is wanted", count)
	}
	unix.CloseOnExec(firstActivated)
	f := os.NewFile(firstActivated, "listener")
	l, err := net.FileListener(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("the socket of the service manager: %w", err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the socket of the service manager listens on %s, not on TCP", l.Addr()), l.Close())
	}
	return tcp, nil
}
