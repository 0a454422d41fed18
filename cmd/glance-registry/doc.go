// Glance-registry serves images to the other services of older installations:
// glance-registry [options] [CONFPATH]. It is built like glance-api, by package
// app.
package main
