// Package all lists the drivers of metadata and opens the one that a
// connection URL names.
//
// To add a driver, add a case to Open.
package all
