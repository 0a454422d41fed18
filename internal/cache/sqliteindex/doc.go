// Package sqliteindex keeps the records of a cache in a database file in its
// directory, the cache.db of the original: image_cache_driver = sqlite (spec
// cache §4). Several processes may use it, of the original's too.
package sqliteindex
