// Package house tests the rules that keep this code base in shape: who imports
// whom, what a file may hold, who may write an error status. Each rule is a
// function from a tree of files to complaints, so the same rule runs over the
// real tree and over small trees that break it: a rule that cannot fail is
// itself a failure.
//
// To add a rule: write the function, put it into rules (house_test.go), and
// give it at least one broken tree in broken (broken_test.go). To add a
// package: give it a line in table (table_test.go).
package house
