package registryrpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata/wire"
)

// Updates that others came before are done again, each time a little later. The
// original repeats as often.
const (
	mostTries = 50
	firstWait = 2 * time.Millisecond
	mostWait  = 250 * time.Millisecond
)

// again runs try until it succeeds or fails with anything but the conflict of
// another writer that was faster. The error of the last try is Unavailable.
func again(ctx context.Context, try func() error) error {
	wait := firstWait
	for n := 1; ; n++ {
		err := try()
		if !isClass(err, wire.ClassConflict) {
			return err
		}
		if n == mostTries {
			return glance.Because(glance.Unavailable, err, "Others keep changing the same row.")
		}
		timer := time.NewTimer(rand.N(wait)) //nolint:gosec // it spreads callers, nothing more
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("ask the registry: %w", context.Cause(ctx))
		}
		wait = min(2*wait, mostWait)
	}
}

// needExact fails when a server did not look at what a command cannot say.
func needExact(exact bool, err error, what string) error {
	if err == nil && !exact {
		return glance.Errorf(glance.Unsupported, "The registry does not know %s.", what)
	}
	return err
}

// errIs keeps err unless it is of the kind, then it becomes other.
func errIs(err error, k glance.Kind, other error) error {
	var remote *remoteError
	if errors.Is(err, k) && errors.As(err, &remote) {
		return other
	}
	return err
}
