// Command glance-replicator copies images from one Glance to another, or to and
// from a directory: size, dump, load, livecopy and compare. What it does stands
// in package replicate.
package main
