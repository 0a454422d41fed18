// Package rig runs the real programs for the tests of test/e2e and
// test/services and for test/bench.
//
//	Build            compiles every program of cmd/ into one directory
//	Start, Server    one running program; ready when it says so itself
//	Client           the few calls of the Images API that tests are made of
//	Node             a glance-api with database, store and configuration in a
//	                 directory of its own, and what must always hold for it
//	Random, ISO, …   image data, the same at every call with the same seed
//
// # Promises
//
// Nothing waits for a fixed time: servers are awaited by their ready line,
// states by asking again until a limit. A program that a test started is ended
// by its pid when the test ends, and by the kernel when the test is killed.
// Everything but Node returns errors; Node belongs to one test and fails it.
//
// Checks that hold for every test of a subject belong here, what one test
// alone needs stays beside that test.
package rig
