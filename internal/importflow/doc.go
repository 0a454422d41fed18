// Package importflow gives images their data in the background: an import is a
// task with a row, under the lock of its image, journalled on its node (spec
// import §3 to §5).
//
// Importer.Import checks a request and starts a job; the job fetches the data
// into the staging area (Method), works on the staged file (Step), writes it to
// the stores in one pass each, or in one pass to several, through the same
// function as an upload, and ends the task. Whatever fails takes everything
// back, in the job (revert.go) or at the next start (Recoverer); both do the
// same.
//
// Board is the API of tasks; Filter says which URLs may be read.
//
// Promises: an import leaves no data that no row names, no row without data, no
// list of stores that nobody works on, and no lock; memory does not grow with
// the data; while it works its task is touched every minute.
//
// To add a method write one file in method/, to add a step one in plugin/, and a
// line in all.go beside it.
package importflow
