// Package multihash reads a stream once and hands it to many: hashes by the
// names of Python's hashlib (New), and the pipe that every byte of image data
// goes through (Pool.Pipe).
//
//	var pool multihash.Pool // one per program
//	sum := sha512.New()
//	n, err := pool.Pipe(ctx, body,
//		multihash.To(sum),
//		multihash.To(inspector),
//		func(ctx context.Context, r io.Reader) (err error) {
//			object, err = driver.Put(ctx, upload, r)
//			return err
//		})
//
// # Promises
//
// The source is read by one goroutine into large buffers which are shared by
// all consumers and never copied; each consumer runs in its own goroutine. The
// buffers of one transfer are few, so the slowest consumer sets the pace and
// memory is bounded by transfers times Buffers times BufferSize; a source that
// is slower than its consumers holds one buffer.
//
// The first error of anyone (source, consumer, context) ends all and is what
// Pipe returns. When Pipe returns, its goroutines have ended and its buffers
// are back in the pool.
//
// To add a hash, add a line to the table in hash.go.
package multihash
