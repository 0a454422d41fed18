// Package store is the socket for image data: the contract Driver, the
// concrete Set that chooses among stores and finds the driver of a location,
// drivers in packages of their own, the one list of them in store/all, and
// storetest, the suite that every driver passes.
//
// Drivers only move bytes: hashing, limits and inspection are readers around
// them. Promises of every driver: nothing partial is ever found under a final
// name; data is durable before Put returns; a failed or cancelled Put leaves
// nothing behind; errors carry a glance.Kind with the texts of spec stores §4.
//
// To add a store, write store/<name> with a Config, Open and a call of
// storetest.Run, and add a line to store/all.
package store
