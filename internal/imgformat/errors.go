package imgformat

// A Reason is why an image is refused.
type Reason int

// Reasons, see spec formats §4. All of them are the uploader's fault.
const (
	Mismatch   Reason = iota + 1 // it is not what was declared, or not whole
	Unsafe                       // a safety check failed; no option excuses it, but for gpt
	Unreadable                   // it has the format, but its virtual size cannot be read
)

// An Error refuses an image. Its text is meant for the user.
type Error struct {
	Reason   Reason
	Failures []Failure // when Unsafe; for the log, the text does not name them
	text     string
}

func (e *Error) Error() string { return e.text }

// A Failure is a safety check that failed.
type Failure struct {
	Format string // "qcow2"
	Check  string // "backing_file"
	Reason string // "Image has a backing file"
}

func (f Failure) String() string {
	return "Safety check " + f.Check + " on " + f.Format + " failed because " + f.Reason
}

func unsafeImage(failures []Failure) error {
	return &Error{Reason: Unsafe, Failures: failures, text: "Image failed safety checks"}
}
