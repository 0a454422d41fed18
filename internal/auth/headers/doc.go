// Package headers believes the identity headers of a request: X-User-Id,
// X-Project-Id, X-Roles and their relatives (spec auth-policy §1.2). It is the
// filter context, which stands behind a token check or a proxy that removes
// these headers from what clients send; without one of them anybody can be
// anybody.
//
// A further header is one line in Authenticate and one in the test.
package headers
