// Package metadata is the socket for everything the service remembers about
// images: the contracts of this package, drivers in packages of their own
// (sqldb for SQLite, MySQL and PostgreSQL; memdb in memory), the one list of
// them in metadata/all, and metadatatest, the suite that every driver passes.
//
// Promises of every driver: a call is atomic, it happens as a whole or not at
// all; an update cannot be lost, since rows change through a function of their
// present value; what a call returned survives a crash; errors carry a
// glance.Kind (NotFound, Conflict, Forbidden, Invalid, TooLarge, Unavailable)
// or are Internal. What is not visible in the given scope does not exist.
//
// Rows are never removed but by purge: deleting sets deleted and deleted_at
// (spec database §4). Times are UTC.
//
// To add a driver, implement Store, call metadatatest.Run from its test, and
// add a line to metadata/all.
package metadata
