// Package s3 keeps images as objects of one bucket of Amazon's S3, or of a
// server that speaks its protocol (spec stores §5.4).
//
// An object has the name of its image. It is written with one request when it
// is small and in parts when it is large or of unknown size; a bounded number
// of parts is in memory at a time, whatever the size of the image. The last
// request publishes, on the condition that there is no such object: servers
// that know no conditions are asked just before, and uploads of one process
// never overtake each other.
//
// Every object says in its metadata which attempt wrote it, and while parts are
// on their way an object <image>.<attempt>.upload holds the server's name of
// the multipart upload. So what a killed process left is found by the names of
// its attempt alone, and nothing else is touched.
//
// URLs are written without keys, and read with and without: the keys of the
// configuration count for the bucket of the configuration. The host of a URL is
// never contacted, only that of the configuration, as the original does it.
package s3
