package metadata

import (
	"context"

	"glance/internal/glance"
)

// MetadefLoader moves metadata definitions between files and tables for
// glance-manage (spec metadefs-v2 §9). Drivers of databases implement it.
type MetadefLoader interface {
	Metadefs

	// LoadNamespace stores a namespace as a file describes it, with its parts,
	// as a whole or not at all, and says whether it was there before. What is
	// added gets no UpdatedAt; resource types that are new are protected.
	// MetadefObject.Required is neither stored nor changed. Of parts that are
	// there twice the first counts, or the last with LoadChanged.
	LoadNamespace(ctx context.Context, ns *glance.MetadefNamespace, mode LoadMode) (existed bool, err error)
	// UnloadMetadefs deletes all namespaces and resource types, and gives the
	// names of the tables that are empty now.
	UnloadMetadefs(ctx context.Context) (tables []string, err error)
}

// LoadMode says what happens to a namespace that is there already.
type LoadMode int

// The modes of loading.
const (
	LoadNew     LoadMode = iota // it stays as it is
	LoadMissing                 // parts that it has not are added
	LoadChanged                 // as well, and what differs is overwritten; parts that the file has not stay
	LoadAnew                    // it is deleted with all parts before
)
