// Package metadefs holds what the service does with metadata definitions:
// namespaces and their parts, which are objects, properties, tags and
// associations with resource types (spec metadefs-v2). Namespaces works on a
// namespace as a whole, Parts on what is in one, and Loader brings them from files
// and back for glance-manage, past policy.
//
// The order of lines in a method is the order of checks. A namespace is looked
// up first, and a caller who does not see it hears the same as if it were not
// there (access.go); then policy is asked, once for every rule.
//
// To add a use case, write a method on the verb whose noun it is about, in the
// file named after the noun.
package metadefs
