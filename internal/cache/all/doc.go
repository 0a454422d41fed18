// Package all is the one list of the indexes of caches.
package all
