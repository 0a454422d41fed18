// Package registry is the door of the registry server: REST version 1 over the
// same database as the API (spec registry §2). Other services of an older
// installation read images through it.
//
// It answers the read calls: the lists, brief and detailed, and single images.
// To add a call, write its file and its line in routes.go.
package registry
