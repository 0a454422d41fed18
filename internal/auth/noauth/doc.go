// Package noauth takes everybody for an administrator without user and project:
// the filter unauthenticated-context, which serves when no identity service is
// configured.
//
// To change who everybody is, change Authenticate; there is nothing to
// configure.
package noauth
