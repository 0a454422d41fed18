package api_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"glance/internal/api"
)

func TestQuery(t *testing.T) {
	tests := map[string][]api.Param{
		"":                          nil,
		"a=1&b=2&a=3":               {{"a", "1"}, {"b", "2"}, {"a", "3"}},
		"a":                         {{"a", ""}},
		"a=&=b&&":                   {{"a", ""}, {"", "b"}},
		"a=b=c":                     {{"a", "b=c"}},
		"a+b=%2B+%20":               {{"a b", "+  "}},
		"a=%zz%4&b=%":               {{"a", "%zz%4"}, {"b", "%"}},
		"a=1;b=2":                   {{"a", "1;b=2"}},
		"n%61me=%C3%A9":             {{"name", "é"}},
		"created_at=gte:2026-01-01": {{"created_at", "gte:2026-01-01"}},
	}
	for raw, want := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = raw
		if got := api.Query(r); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", raw, got, want)
		}
	}
}
