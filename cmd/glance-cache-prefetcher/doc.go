// Glance-cache-prefetcher brings the images that are queued into the image cache:
// glance-cache-prefetcher [options]. It reads glance-api.conf and glance-cache.conf.
package main
