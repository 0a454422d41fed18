// Package mem keeps images in memory: for tests, and for trying the service
// out without a disk. Everything is gone when the process ends.
//
// Its URLs are mem://<name>/<image id>, where the name is the Store's.
package mem
