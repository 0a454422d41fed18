// Package replicate copies images between Glance servers, and to and from
// directories, over the Images API v2: what glance-replicator does (spec tools
// §4).
//
//	url, err := replicate.ParseAddress("glance.example.org:9292")
//	from, to := replicate.NewServer(url, token, chunk), …
//	r := replicate.Replicator{Log: log, Chunk: chunk, Skip: []string{"owner"}}
//	err = r.LiveCopy(ctx, from, to) // also Size, Dump, Load, Compare
//
// # Promises
//
// Ids are kept. Data goes through buffers, whatever its size. Where the source
// names a hash or a size, the last bytes are passed on only when they are right,
// so that neither a file nor an image holds data that is not the source's and
// looks whole. A file of a dump appears under its name when it is complete and on
// disk; the description appears after the data.
//
// A command that was killed may be run again: it goes on with the image that it
// did not finish. An image that fails is logged and the next one follows; the
// command fails in the end. A server that cannot be reached or does not know the
// token ends it at once.
//
// Nothing is deleted anywhere: the id of a deleted image could not be used again.
//
// Tokens are sent to the given server only, never to where it redirects, and
// never reach a log or an error.
//
// To add a command, add a method to Replicator in a file of its own.
package replicate
