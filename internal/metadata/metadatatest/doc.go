// Package metadatatest is the suite that every driver of metadata.Store passes
// and the benchmarks they are compared by.
//
//	func TestStore(t *testing.T) {
//		metadatatest.Run(t, func(t *testing.T) metadata.Store { return memdb.New() })
//	}
//
// Every test is given a store of its own, empty, which the suite closes. What
// the contracts of package metadata promise is proven here and nowhere else;
// what only one driver has (files, statements, plans) is tested beside it.
//
// To add a test, write a func(*testing.T, metadata.Store) in the file of its
// subject and a line in that file's table.
package metadatatest
