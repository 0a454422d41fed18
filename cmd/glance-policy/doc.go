// Command glance-policy looks at the policy of glance-api: check tells what in
// its files cannot be meant, explain why somebody passes a rule or does not, and
// dump which rules hold.
package main
