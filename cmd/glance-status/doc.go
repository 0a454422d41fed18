// Command glance-status tells before an upgrade what in the configuration the
// new release does not know any more: glance-status upgrade check [--json].
package main
