package metadefs

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// find gives a namespace. One that the caller does not see is not found; the
// texts differ (spec metadefs-v2 §1).
func find(ctx context.Context, db metadata.Metadefs, who *glance.Caller, name string) (*glance.MetadefNamespace, error) {
	ns, err := db.Namespace(ctx, metadata.ScopeOf(*who), name)
	if errors.Is(err, glance.Forbidden) {
		return nil, noNamespace(name, err)
	}
	return ns, err
}

// findQuietly is find with one text for both cases.
func findQuietly(ctx context.Context, db metadata.Metadefs, who *glance.Caller, name string) (*glance.MetadefNamespace, error) {
	ns, err := find(ctx, db, who, name)
	if errors.Is(err, glance.NotFound) {
		return nil, noNamespace(name, err)
	}
	return ns, err
}

func noNamespace(name string, cause error) error {
	return glance.Because(glance.NotFound, cause, "Namespace "+name+" not found")
}

// target is a namespace as policy sees it.
func target(ns *glance.MetadefNamespace) *policy.Namespace {
	return &policy.Namespace{Owner: ns.Owner, Visibility: string(visibility(ns.Visibility))}
}

func visibility(v glance.Visibility) glance.Visibility {
	if v == "" {
		return glance.VisibilityPrivate
	}
	return v
}

// unprotected refuses to delete something in a protected namespace.
func unprotected(ns *glance.MetadefNamespace, what, name string) error {
	if ns.Protected != nil && *ns.Protected {
		return glance.Errorf(glance.Forbidden, "Metadata definition %s %s is protected and cannot be deleted.", what, name)
	}
	return nil
}
