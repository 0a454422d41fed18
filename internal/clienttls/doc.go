// Package clienttls makes the TLS of a client from the files that options name:
// the authorities to trust, a certificate of one's own and its key.
//
//	conf, err := clienttls.Files{
//		CA: clienttls.File{Option: "cafile", Path: c.CAFile},
//	}.Config()
//
// # Promises
//
// TLS 1.2 is the least. Servers are verified unless Insecure says otherwise. An
// error names the option whose file is at fault; nothing that a file holds gets
// into an error. A file is read once: whoever wants a renewed one makes a new
// configuration.
package clienttls
