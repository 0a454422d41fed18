// Package policy decides who may do what: the rules of oslo.policy files over
// built-in defaults, and the protection of single image properties (spec
// auth-policy).
//
// # Use
//
//	e, err := policy.Open(policy.Config{File: "/etc/glance/policy.yaml", EnforceNewDefaults: true, EnforceScope: true})
//	err = e.Image(ctx, who, policy.ModifyImage, img) // an image that exists
//	err = e.Create(ctx, who, owner, visibility)      // one that does not yet
//	err = e.Member(ctx, who, policy.AddMember, img)
//	err = e.Global(ctx, who, policy.GetImages, policy.Project(who.ProjectID))
//	err = e.Metadef(ctx, who, policy.AddMetadefTag, namespace)
//
//	p, err := policy.OpenProtection("/etc/glance/property-protections.conf", "roles", e)
//	ok := p.CanRead(who, "x_billing_code") // a nil *Protection allows everything
//
// Whoever holds a transaction open must not wait for the servers of http: and
// https: checks, and decides by the Enforcer of Ahead.
//
// Every refusal is a *glance.Error of kind Forbidden, or NotFound where the
// caller must not learn that the thing exists. Policy looks at what it is
// given: whether an image is visible to a project at all is the database's
// question, asked before.
//
// # Promises
//
// Rules are parsed once. A question about an image costs no allocation with the
// default rules. Files are looked at again at most every 100 ms, when somebody
// asks; a file that cannot be read or understood leaves its last good rules in
// force and is reported, except in Open, which refuses it. What a file takes
// back stays in force until restart, as in the original. Evaluation problems
// (a cycle, a remote server that is down) deny and are logged. Property
// protections are read once; what is wrong in their file is an error.
//
// Compat: the expressions of a property protection file are Go's, which know no
// lookaround and no back references.
//
// # Adding a rule
//
// Add a constant in names.go and its line in the table of defaults.go.
package policy
