// Command glance-manage makes and changes the schema of the database: db sync,
// version, check, expand, migrate, contract, upgrade and version_control, with
// the texts and exit codes of the original.
package main
