// Package file keeps images as files, one per image, in one or several
// directories (spec stores §5.1).
//
// Promises, besides those of every store: data is written under a hidden name,
// .<image>.<attempt>.part, in the directory where it will stay, synced, and
// then published under the image's id, which is never overwritten; the
// directory is synced before Put returns. So a final name always holds a whole
// image, whatever happens to the process or the machine, and what a crash
// leaves is found by the names of its attempt alone.
//
// Open gives an *os.File. Directories that the original wrote are taken as
// they are, symbolic links included. A URL is accepted when its path, with
// every .. resolved, lies in one of the configured directories; the original
// reads any path. Images in a directory that was configured once stay readable
// when it is listed in filesystem_store_datadirs with a low priority.
//
// What depends on the operating system is in os_linux.go and os_other.go: to
// support another system well, write its file.
package file
