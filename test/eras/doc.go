// Package eras starts the real servers with a sample of the configuration files
// of every era, as an operator of that time has them: only directories and
// ports are replaced. For a new shape of file add a directory to testdata and a
// line to the table.
package eras
