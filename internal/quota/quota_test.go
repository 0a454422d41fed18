package quota_test

import (
	"errors"
	"math"
	"testing"

	"glance/internal/glance"
	"glance/internal/quota"
)

func TestParseStorage(t *testing.T) {
	good := map[string]quota.Storage{
		"0": 0, "0TB": 0, "7": 7, "7B": 7, "150KB": 150 << 10, "3MB": 3 << 20, "2GB": 2 << 30, "1TB": 1 << 40, "007": 7,
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64, "8388608TB": math.MaxInt64,
		"99999999999999999999999999": math.MaxInt64, "18446744073709551615TB": math.MaxInt64,
	}
	for text, want := range good {
		if got, err := quota.ParseStorage(text); got != want || err != nil {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "B", "1 KB", "1kb", "1K", "-1", "1.5GB", "1PB", "1KBB", " 1", "1\n"} {
		if got, err := quota.ParseStorage(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func FuzzParseStorage(f *testing.F) {
	for _, text := range []string{"0", "150KB", "1TB", "99999999999999999999GB", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := quota.ParseStorage(text); got < 0 || err != nil && got != 0 {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	})
}

func wantTooLarge(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "":
		if err != nil {
			t.Errorf("refused: %v", err)
		}
	case err == nil || err.Error() != want || !errors.Is(err, glance.TooLarge):
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestStorage(t *testing.T) {
	const limit quota.Storage = 100
	tests := []struct {
		name       string
		limit      quota.Storage
		used, size int64
		want       string
	}{
		{"fits", limit, 40, 60, ""},
		{"one too many", limit, 40, 61, "The size of the data 61 will exceed the limit. 60 bytes remaining."},
		{"full, nothing more", limit, 100, 0, ""},
		{"full, one byte", limit, 100, 1, "The size of the data 1 will exceed the limit. 0 bytes remaining."},
		{"unknown, one left", limit, 99, -1, ""},
		{"unknown, full", limit, 100, -1, "The size of the data None will exceed the limit. 0 bytes remaining."},
		{"over already", limit, 130, 0, "The size of the data 0 will exceed the limit. -30 bytes remaining."},
		{"unknown, over already", limit, 130, -1, "The size of the data None will exceed the limit. -30 bytes remaining."},
		{"no limit", 0, math.MaxInt64, math.MaxInt64, ""},
		{"no limit, unknown", 0, math.MaxInt64, -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			upload, locations := "", ""
			if tt.want != "" {
				upload = "Image exceeds the storage quota: " + tt.want
				locations = "Denying attempt to upload image because it exceeds the quota: " + tt.want
			}
			wantTooLarge(t, tt.limit.Admit(tt.used, tt.size), upload)
			wantTooLarge(t, tt.limit.AdmitLocations(tt.used, tt.size), locations)
		})
	}
	if limit.Unlimited() || !quota.Storage(0).Unlimited() {
		t.Error("Unlimited errs")
	}
	if limit.Remaining(130) != -30 || quota.Storage(0).Remaining(5) != math.MaxInt64 {
		t.Error("Remaining errs")
	}
}

func TestLimits(t *testing.T) {
	l := quota.Limits{MaxProperties: 3, MaxTags: 0, MaxMembers: 2, MaxLocations: -1}
	wantTooLarge(t, l.Properties(3), "")
	wantTooLarge(t, l.Properties(4), "The limit has been exceeded on the number of allowed image properties. Attempted: 4, Maximum: 3")
	wantTooLarge(t, l.Tags(0), "")
	wantTooLarge(t, l.Tags(1), "The limit has been exceeded on the number of allowed image tags. Attempted: 1, Maximum: 0")
	wantTooLarge(t, l.Members(3), "The limit has been exceeded on the number of allowed image members for this image. Attempted: 3, Maximum: 2")
	wantTooLarge(t, l.Locations(1000), "")
	l.MaxLocations = 2
	wantTooLarge(t, l.Locations(3), "The limit has been exceeded on the number of allowed image locations. Attempted: 3, Maximum: 2")
}
