// Package housekeeping is what has to be done now and then and what nobody asks
// for in a request: the data of images whose deletion was delayed (Scrubber,
// Restore; spec tools §3), images that are wanted in the cache (Prefetcher, and
// Fetcher beside requests; spec cache §5). What else the cache needs, it does
// itself: pruning and cleaning are about nothing but its directory.
//
// # Promises
//
// Everything may be stopped or killed at any point and is then begun again at
// the next run; several nodes may do the same at the same time. What fails with
// one image is logged and does not keep the others from their turn.
//
// # Adding to it
//
// A chore is a struct whose fields are the sockets it uses, with a Run that does
// it once. When to run it is the business of the program.
package housekeeping
