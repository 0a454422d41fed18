// Package services tests the real programs together with real ones: the
// clients that people use, the tools that make disk images, a machine that
// boots what it downloaded, a disk that is full.
//
//	test/services/run     installs what is missing (as root) and runs the tests
//
// All tests are behind the build tag services. The Debian packages that they
// need are in the file packages, one a line; whoever needs another program
// adds its package there. A program that is missing fails its test.
//
// The tests run side by side, so each begins with t.Parallel, takes its ports
// from freePort, and waits for what it wants to see, not for some seconds.
//
// The tests want root and change nothing outside of temporary directories but
// /var/run/glance, where glance-control keeps its pid files, and port 9292,
// which the README's session needs as printed: one test each.
package services
