// Package http reads images that lie on any web server: a location added by a
// user, never an upload (spec stores §5.2).
//
// Compat: as in the original, certificates are not verified unless the
// configuration says so, and every address may be asked, private ones too; who
// must not reach them needs the policy of adding locations. Reading from the
// middle works where the server knows ranges; the original never tries.
package http
