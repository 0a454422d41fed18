// Glance-control starts, stops, restarts, reloads and shows the servers of
// Glance: glance-control [options] <SERVER> <COMMAND> [CONFPATH]. What it does
// and promises stands in package control.
package main
