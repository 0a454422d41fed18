// Package migrations makes and changes the schema of the service's database:
// the original's revisions, in its table alembic_version, so that its tools
// and ours find their way in the same database (spec database §1).
//
// Promises: an empty database gets the schema and the revision of the newest
// release; one of wallaby_contract01 or later is brought there step by step;
// an older one is refused and left alone. Where the database can, a command is
// one transaction, so that it is carried out altogether or not at all.
//
// To add a revision, append it to both branches in revisions.go and put its
// statements, if it has any, in a file named after it in the folder of each
// dialect.
package migrations
