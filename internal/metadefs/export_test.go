package metadefs

import "glance/internal/glance"

// FormatNamespace is what it is called inside.
func FormatNamespace(ns *glance.MetadefNamespace) ([]byte, error) { return formatNamespace(ns) }
