// Package memdb keeps metadata in memory: for data_api = glance.db.simple.api,
// and for the tests of everybody who needs a metadata.Store.
//
// It promises what package metadata promises but for survival: everything is
// gone with the process. One lock guards it all, a listing looks at every
// image, and times have microseconds as in the tables of the service.
//
// It has no options; what it forgets to do as sqldb does is found by
// metadatatest, which both pass.
package memdb
