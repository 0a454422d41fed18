// Glance-scrubber removes the data of images whose deletion was delayed:
// glance-scrubber [options]. What it takes stands in package config, what it
// does in package housekeeping.
package main
