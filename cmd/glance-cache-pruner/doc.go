// Glance-cache-pruner makes the image cache fit image_cache_max_size:
// glance-cache-pruner [options]. It reads glance-api.conf and glance-cache.conf.
package main
