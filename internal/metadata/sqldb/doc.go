// Package sqldb keeps metadata in an SQL database, in the tables of the
// original: it runs on databases that the original has filled, and beside a
// running one (spec database), in SQLite, MySQL, MariaDB or PostgreSQL. What
// they differ in is gathered in the type dialect, and every statement is
// written for all of them.
//
// Promises, beyond those of package metadata: statements are prepared once
// for each connection; a page of images is one statement over an index and
// one for each table of children, however many images it has; a row is
// changed in the transaction that read it, and only in the columns that
// differ; the schema is never changed but by the commands of package
// migrations. A new SQLite file gets a write-ahead log with full
// synchronization; an existing one keeps its journal mode.
//
// A transaction that a server ended in favour of another is repeated, as is,
// when Options say so, one whose connection broke before its commit.
//
// Errors: what time or an operator can mend (locked, full, unreachable,
// closed) is Unavailable, a value that a server's column cannot hold Invalid,
// everything else of the database Internal.
//
// To add a dialect, write dialect_<name>.go with its value of type dialect and
// a function that opens it, name it in connect, put its statements into
// migrations/<name>, and run the suite of metadatatest against a server.
package sqldb
