package v2

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// list is GET /v2/images.
func (d *Door) list(w http.ResponseWriter, r *http.Request) error {
	params := api.Query(r)
	want, err := d.readListing(params)
	if err != nil {
		return err
	}
	page, err := d.Catalog.List(r.Context(), caller(r), want)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return d.appendPage(b, page, params) })
}

func (d *Door) appendPage(b []byte, page images.Page, params []api.Param) []byte {
	b = append(b, `{"images": [`...)
	for i, img := range page.Images {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = d.appendImage(b, img, nil)
	}
	b = append(b, ']')
	b = appendPageLink(b, "first", "/v2/images", params, "")
	b = appendText(b, "schema", "/v2/schemas/images")
	if page.Last != "" {
		b = appendPageLink(b, "next", "/v2/images", params, page.Last)
	}
	return append(b, '}')
}

// appendPageLink appends the link to the page of path after marker, to the
// first one when it is empty (spec images-v2 §8.4).
func appendPageLink(b []byte, key, path string, params []api.Param, marker string) []byte {
	b = append(append(appendKey(b, key), '"'), path...)
	separator := byte('?')
	add := func(name, value string) {
		b = append(append(b, separator), url.QueryEscape(name)...) // which leaves nothing that JSON escapes
		b = append(append(b, '='), url.QueryEscape(value)...)
		separator = '&'
	}
	for _, p := range params {
		if p.Name != "marker" {
			add(p.Name, p.Value)
		}
	}
	if marker != "" {
		add("marker", marker)
	}
	return append(b, '"')
}

// readListing sorts the parameters by what they mean. Of a repeated one the
// last value counts, but for tags and sort keys.
func (d *Door) readListing(params []api.Param) (images.Listing, error) {
	l := images.Listing{Limit: min(d.Config.LimitDefault, d.Config.LimitMax), FromStart: true}
	filters := make(map[string]int)
	var limit *string
	var sort []string
	for _, p := range params {
		switch p.Name {
		case "limit":
			limit = &p.Value
		case "marker":
			l.Marker, l.FromStart = p.Value, false
		case "visibility":
			l.Visibility, l.HasVisibility = p.Value, true
		case "member_status":
			l.MemberStatus = &p.Value
		case "os_hidden":
			l.Hidden = &p.Value
		case "protected":
			l.Protected = &p.Value
		case "tag":
			l.Tags = append(l.Tags, strings.TrimSpace(p.Value))
		case "sort_key":
			l.SortKeys = append(l.SortKeys, strings.TrimSpace(p.Value))
		case "sort_dir":
			l.SortDirs = append(l.SortDirs, strings.TrimSpace(p.Value))
		case "sort":
			sort = append(sort[:0], p.Value)
		case "deleted":
		default:
			if p.Name == "changes-since" && p.Value != "" {
				return l, glance.Errorf(glance.Invalid, `The "changes-since" filter is no longer available on v2.`)
			}
			if at, seen := filters[p.Name]; seen {
				l.Filters[at].Value = p.Value
				continue
			}
			filters[p.Name] = len(l.Filters)
			l.Filters = append(l.Filters, images.Filter{Name: p.Name, Value: p.Value})
		}
	}
	if err := d.readLimit(&l, limit); err != nil {
		return l, err
	}
	return l, readSort(&l, sort)
}

func (d *Door) readLimit(l *images.Listing, value *string) error {
	if value == nil {
		return nil
	}
	limit, err := parseLimit(*value, 0)
	l.Limit = min(limit, d.Config.LimitMax)
	return err
}

// parseLimit reads a limit of at least least.
func parseLimit(value string, least int) (int, error) {
	limit, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		return 0, glance.Errorf(glance.Invalid, "limit param must be an integer")
	}
	if limit < least {
		return 0, glance.Errorf(glance.Invalid, "limit param must be positive")
	}
	return limit, nil
}

// readSort reads the newer form: sort=key[:dir],key[:dir].
func readSort(l *images.Listing, sort []string) error {
	if len(sort) == 0 {
		return nil
	}
	if len(l.SortKeys) > 0 || len(l.SortDirs) > 0 {
		return glance.Errorf(glance.Invalid, "Old and new sorting syntax cannot be combined")
	}
	for _, item := range strings.Split(sort[0], ",") {
		key, dir, found := strings.Cut(item, ":")
		if !found {
			dir = "desc"
		}
		l.SortKeys = append(l.SortKeys, strings.TrimSpace(key))
		l.SortDirs = append(l.SortDirs, strings.TrimSpace(dir))
	}
	return nil
}
