// Glance-cache-cleaner removes from the image cache what failed and what was left half-written:
// glance-cache-cleaner [options]. It reads glance-api.conf and glance-cache.conf.
package main
