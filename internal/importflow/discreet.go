package importflow

// discreet is an error that repeats to the user what he has sent, and not to the
// log: a URL may be a secret.
type discreet struct {
	error
	logged string
}

func (d *discreet) Error() string { return d.logged }
func (d *discreet) Unwrap() error { return d.error }

// Discreet gives err another text for the log.
func Discreet(err error, logged string) error { return &discreet{err, logged} }
