// Package xattrindex keeps the records of a cache with its files: the hits in the
// extended attribute user.hits, the times in those of the file, as the original
// does (spec cache §4). It needs a file system with such attributes, and sets the
// time of access itself, whatever the file system was mounted with.
package xattrindex
