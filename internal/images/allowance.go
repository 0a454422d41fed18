package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/quota"
)

// Allowance is what the identity service allows projects to have (spec
// images-v2 §23). A nil one allows everything.
type Allowance struct {
	Images metadata.Images
	Limits quota.Source
}

const mebibyte = 1 << 20

// Admit fails with TooLarge when the caller's project would have too much of a
// resource with delta more.
func (a *Allowance) Admit(ctx context.Context, who *glance.Caller, of quota.Resource, delta int64) error {
	if a == nil {
		return nil
	}
	claims, err := a.claims(ctx, who, of)
	if err != nil {
		return err
	}
	claims[0].Delta = delta
	return quota.Grant(who.ProjectID, claims...)
}

// AdmitBytes is Admit for data; a negative size is not known.
func (a *Allowance) AdmitBytes(ctx context.Context, who *glance.Caller, of quota.Resource, size int64) error {
	return a.Admit(ctx, who, of, max(size, 0)/mebibyte)
}

// Usage tells what the caller's project has and may have.
func (a *Allowance) Usage(ctx context.Context, who *glance.Caller) ([]quota.Claim, error) {
	if a == nil {
		return nil, nil
	}
	return a.claims(ctx, who, quota.Resources()...)
}

func (a *Allowance) claims(ctx context.Context, who *glance.Caller, of ...quota.Resource) ([]quota.Claim, error) {
	limits, err := a.Limits.Limits(ctx, who.ProjectID, of...)
	if err != nil {
		return nil, err
	}
	claims := make([]quota.Claim, 0, len(of))
	for _, resource := range of {
		usage, err := a.count(ctx, who.ProjectID, resource)
		if err != nil {
			return nil, err
		}
		claims = append(claims, quota.Claim{Resource: resource, Limit: limits[resource], Usage: usage})
	}
	return claims, nil
}

func (a *Allowance) count(ctx context.Context, project string, of quota.Resource) (int64, error) {
	switch of {
	case quota.ImageSizeTotal:
		n, err := a.Images.Usage(ctx, project, "")
		return n / mebibyte, err
	case quota.ImageStageTotal:
		n, err := a.Images.Tally(ctx, project, metadata.StagedBytes)
		return n / mebibyte, err
	case quota.ImageCountTotal:
		return a.Images.Tally(ctx, project, metadata.ImageCount)
	default:
		return a.Images.Tally(ctx, project, metadata.UploadingImages)
	}
}
