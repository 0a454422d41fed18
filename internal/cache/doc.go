// Package cache keeps the data of images on a node's disk, so that it need not
// be fetched from a store again (spec cache).
//
// A Cache is a directory and an Index. The directory holds the data: whole files
// under the ids of images, those that are being written in incomplete, failed
// ones in invalid, and in queue an empty file for each image that is wanted. It
// is that of the original, which may take it over and give it back. What is
// remembered of a file beside its data is the Index's: sqliteindex and xattrindex
// keep it beside the files, and metadata in the database that nodes share. The
// one list is in cache/all, and cachetest is the suite that every index passes.
//
// # Promises
//
// An image is cached when its file is there under its name, and a file gets its
// name when it is whole and has the right checksum. Several processes may use a
// directory. Whoever reads a file keeps it, whatever becomes of its name. What a
// killed process was writing is taken for what it is by the next one that wants
// to write it: files that are being written are locked and marked, so that one
// that is marked and not locked was left; what the original left is known by its
// age.
//
// Nothing is waited for to reach the disk: after a power failure a file is missing
// or too short, which is noticed when it is read, and is fetched again.
//
// # Adding to it
//
// An index is a package beside sqliteindex that implements Index, calls
// cachetest.Run and has a line in cache/all.
package cache
