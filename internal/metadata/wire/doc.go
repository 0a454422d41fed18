// Package wire holds the JSON shapes of the registry protocol, version 1 (spec
// registry §2): the registry server writes them, a client of it reads them.
package wire
