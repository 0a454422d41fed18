// Package auth is the contract by which the doors learn who asks: the headers
// of a request become a glance.Caller.
//
// A way of finding out is one package below this one with a type that has the
// method of Authenticator: noauth takes everybody for an administrator, headers
// trusts identity headers that a filter in front has set, keystone checks
// tokens. Which one serves a request is decided by the pipeline, not here.
//
// The list of all of them is package all.
//
// Secrets stay in Caller.Token; no implementation logs it or puts it into an
// error.
package auth
