// Package keystone checks tokens at OpenStack's identity service: it is the
// filter authtoken in front of package headers (specs auth-policy §1.1, config
// §4.3).
//
// A Filter takes the headers of a request and gives them back with the identity
// headers that the tokens prove, and with none that the client has sent. What
// becomes of a request whose token proves nothing is the configuration's
// decision: refused here, or marked Invalid and left to what comes next.
//
// A Session is the service's own login alone, for whoever asks other services
// in its name, or this one about other things than tokens.
//
// # Promises
//
// A token is asked about once for all requests that bring it at the same time,
// and then remembered for token_cache_time, never beyond its own end; refusals
// are remembered for half a minute, apart, so that a flood of bad tokens drives
// no good one out. What is remembered is keyed by a hash. With memcached_servers
// all nodes remember together; a memcached that fails is gone around.
//
// The service's own token is renewed before it expires, by one request for all
// who wait. An identity service that is down, slow, or answers nonsense makes
// errors of kind Unavailable (or Invalid identities, when decisions are
// delayed); as soon as it is back, everything is.
//
// No token, password or catalog is in any log line or error, and nothing that
// the identity service said either, because it repeats tokens.
//
// # Adding to it
//
// A way to log in is a case of Credentials.identity; a header is a line of
// fields and of identityHeaders.
package keystone
