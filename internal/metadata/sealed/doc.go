// Package sealed keeps the URLs of locations encrypted in a database: it is a
// metadata.Store around any other one. It stands between the drivers and
// everything else, so that no verb and no driver can forget to encrypt, and
// whatever is read through it is plain.
//
// # Promises
//
// Only values of locations are sealed; what is said of them stays readable. The
// form is that of the original (spec database §3): base64 for URLs of an
// initialisation vector and AES-CBC over the URL, a zero byte and random bytes
// that are not zero. It hides URLs from those who read the database; it does
// not notice changes made there.
//
// Rows from before there was a key are plain URLs: they are read as they are
// and sealed when the image is saved the next time. Rows that the key does not
// open are not shown, and no save removes or changes them.
//
// The key is in no log and no error.
package sealed
