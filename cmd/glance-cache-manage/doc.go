// Command glance-cache-manage lists, queues and deletes images of the cache of a
// running glance-api.
package main
