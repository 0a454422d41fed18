package quota_test

import (
	"math"
	"testing"

	"glance/internal/quota"
)

func TestGrant(t *testing.T) {
	const before = "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold was " +
		"breached.\n\nThe response body:\nProject p is over a limit for ["
	size := func(limit, usage, delta int64) quota.Claim {
		return quota.Claim{Resource: quota.ImageSizeTotal, Limit: limit, Usage: usage, Delta: delta}
	}
	for _, tt := range []struct {
		claims []quota.Claim
		want   string
	}{
		{nil, ""},
		{[]quota.Claim{size(5, 3, 2)}, ""},
		{[]quota.Claim{size(5, 3, 3)}, before + "Resource image_size_total is over limit of 5 due to current usage 3 and delta 3]"},
		{[]quota.Claim{size(5, 6, 0)}, before + "Resource image_size_total is over limit of 5 due to current usage 6 and delta 0]"},
		{[]quota.Claim{size(0, 0, 0)}, ""},
		{[]quota.Claim{size(-1, math.MaxInt64, math.MaxInt64)}, ""},
		{[]quota.Claim{size(math.MaxInt64, 1, math.MaxInt64)}, before + "Resource image_size_total is over limit of 9223372036854775807 " +
			"due to current usage 1 and delta 9223372036854775807]"},
		{
			[]quota.Claim{size(1, 1, 1), size(9, 1, 1), {Resource: quota.ImageCountTotal, Delta: 1}},
			before + "Resource image_size_total is over limit of 1 due to current usage 1 and delta 1, " +
				"Resource image_count_total is over limit of 0 due to current usage 0 and delta 1]",
		},
	} {
		wantTooLarge(t, quota.Grant("p", tt.claims...), tt.want)
	}
	const nobody = "The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold was " +
		"breached.\n\nThe response body:\nProject None is over a limit for [Resource image_size_total is over limit of 0 due to current usage 0 and delta 1]"
	wantTooLarge(t, quota.Grant("", size(0, 0, 1)), nobody)
}
