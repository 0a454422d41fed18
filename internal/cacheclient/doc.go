// Package cacheclient manages the image cache of a Glance server over its API:
// /v2/cached_images and /v2/queued_images, which a server has with one of the
// cachemanagement flavors (spec cache §6).
//
//	c := cacheclient.Client{URL: "http://127.0.0.1:9292", Token: login, HTTP: http.DefaultTransport}
//	images, err := c.Cached(ctx)
//
// # Promises
//
// Errors have the texts that glance-cache-manage prints, and the kinds NotFound
// (the server has no cache management), Forbidden, Unauthenticated, Unavailable
// (no answer), or Internal for anything else. The token goes to the server and
// not to where it redirects, and is in no error.
//
// To add a call, add a method.
package cacheclient
