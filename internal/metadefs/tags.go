package metadefs

import (
	"context"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// TagListing is what a caller asks of a list of tags.
type TagListing struct {
	Limit  int    // rows at most; negative is no limit
	Marker string // name of the tag before the page; empty is the beginning
	Sort   string // a column of the table
	Asc    bool
}

// Tags gives a page of the tags of a namespace (spec metadefs-v2 §6).
func (p *Parts) Tags(ctx context.Context, who *glance.Caller, namespace string, want TagListing) ([]glance.MetadefTag, error) {
	ns, err := p.enter(ctx, who, namespace, policy.GetMetadefTags)
	if err != nil {
		return nil, err
	}
	return p.Metadefs.MetadefTags(ctx, ns, metadata.TagQuery(want))
}

// Tag gives one tag.
func (p *Parts) Tag(ctx context.Context, who *glance.Caller, namespace, name string) (glance.MetadefTag, error) {
	ns, err := p.enter(ctx, who, namespace, policy.GetMetadefTag)
	if err != nil {
		return glance.MetadefTag{}, err
	}
	return p.Metadefs.MetadefTag(ctx, ns, name)
}

// maxName is how many characters the name of a tag may have.
const maxName = 80

// AddTag stores a tag.
func (p *Parts) AddTag(ctx context.Context, who *glance.Caller, namespace, name string) (glance.MetadefTag, error) {
	ns, err := findQuietly(ctx, p.Metadefs, who, namespace)
	if err != nil {
		return glance.MetadefTag{}, err
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		return glance.MetadefTag{}, glance.Errorf(glance.Invalid,
			"Provided object does not match schema 'tag': name: length must be <= %d, but got %d", maxName, n)
	}
	if err := p.Policy.Metadef(ctx, who, policy.AddMetadefTag, target(ns)); err != nil {
		return glance.MetadefTag{}, err
	}
	if err := storable("create", "tag", field{"name", name}); err != nil {
		return glance.MetadefTag{}, err
	}
	t := glance.MetadefTag{Name: name}
	return t, p.Metadefs.AddMetadefTag(ctx, ns, &t)
}

// AddTags stores tags in place of all others, or beside them with keep. No
// tags change nothing.
func (p *Parts) AddTags(ctx context.Context, who *glance.Caller, namespace string, tags []glance.MetadefTag, keep bool) error {
	ns, err := p.enter(ctx, who, namespace, policy.AddMetadefTags)
	if err != nil {
		return err
	}
	for _, t := range tags {
		if err := storable("create", "tag", field{"name", t.Name}); err != nil {
			return err
		}
	}
	return p.Metadefs.AddMetadefTags(ctx, ns, tags, keep)
}

// RenameTag gives a tag another name.
func (p *Parts) RenameTag(ctx context.Context, who *glance.Caller, namespace, name, to string) (glance.MetadefTag, error) {
	ns, err := p.enter(ctx, who, namespace, policy.ModifyMetadefTag)
	if err != nil {
		return glance.MetadefTag{}, err
	}
	if _, err := p.Metadefs.MetadefTag(ctx, ns, name); err != nil {
		return glance.MetadefTag{}, err
	}
	if err := storable("update", "tag", field{"name", to}); err != nil {
		return glance.MetadefTag{}, err
	}
	return p.Metadefs.UpdateMetadefTag(ctx, ns, name, func(t *glance.MetadefTag) error {
		t.Name = to
		return nil
	})
}

// RemoveTag deletes a tag.
func (p *Parts) RemoveTag(ctx context.Context, who *glance.Caller, namespace, name string) error {
	ns, err := p.enter(ctx, who, namespace, policy.DeleteMetadefTag)
	if err != nil {
		return err
	}
	if _, err := p.Metadefs.MetadefTag(ctx, ns, name); err != nil {
		return err
	}
	if err := unprotected(ns, "tag", name); err != nil {
		return err
	}
	return p.Metadefs.RemoveMetadefTag(ctx, ns, name)
}

// RemoveTags deletes all tags of a namespace.
func (p *Parts) RemoveTags(ctx context.Context, who *glance.Caller, namespace string) error {
	ns, err := p.clear(ctx, who, namespace, policy.DeleteMetadefTags)
	if err != nil {
		return err
	}
	_, err = p.Metadefs.RemoveMetadefTags(ctx, ns)
	return err
}
