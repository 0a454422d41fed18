// Package keystone is the unified limits of OpenStack's identity service as a
// quota.Source (specs import §9.1, config §4.5).
//
// A limit belongs to a service and a region, which are those of an endpoint: of
// the one with a given id, or of the only one that a service, a region and an
// interface leave. That of the project counts, else the registered one.
//
// # Promises
//
// Limits are asked for each time, as the original does: what an administrator
// sets holds at once. Endpoint and model of enforcement, which hardly ever
// change, are remembered for a minute. Failures are never remembered. A question
// costs two requests at most then, whatever it asks for, and ends after a time
// limit as a whole. Nothing that the identity service answers is in an error.
//
// How the identity service is reached is the caller's matter: requests go
// through a function that adds a token and finds the API.
package keystone
