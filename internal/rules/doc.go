// Package rules reads and evaluates checks in the language of oslo.policy
// files (spec auth-policy §3): who has which role, whose project matches which
// attribute of what is to be touched.
//
// # Use
//
//	check, err := rules.Parse("role:admin or project_id:%(owner)s")
//	set := rules.NewSet(map[string]*rules.Check{"delete_image": check}, "default", nil)
//	ok, err := set.Allowed(ctx, "delete_image", target, credentials)
//
// # Promises
//
// Parsing happens once; evaluating allocates nothing unless a check mixes
// several substitutions or asks a remote server. What cannot be parsed denies:
// Parse always returns a usable Check, its error is for the log. A cycle of
// rules, and a remote server that does not answer, deny and are reported.
// A Check and a Set never change and may be used by many goroutines.
//
// ParseFile reads whole policy files.
//
// The package knows no images: callers bring a Target (what is touched) and
// Credentials (who asks).
//
// # Adding a kind of check
//
// Give it an op in check.go, recognise its kind in parseCheck and evaluate it in
// holds; extend the naive evaluator of the tests, which the property test and
// the fuzz target compare with.
package rules
