// Glance-api serves the Images API: glance-api [options] [CONFPATH]. What it
// takes stands in package config, what it is built of in package app, how it
// starts and ends in package lifecycle.
package main
