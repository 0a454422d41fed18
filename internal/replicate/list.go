package replicate

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"glance/internal/glance"
)

const pageSize = 100

// images are all that the token may see: also hidden ones, communities' and such
// that were shared but not accepted.
func (s *Server) images(ctx context.Context) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		for _, hidden := range []string{"false", "true"} {
			query := url.Values{
				"visibility": {"all"}, "member_status": {"all"}, "os_hidden": {hidden}, "limit": {strconv.Itoa(pageSize)},
			}
			if !s.list(ctx, query, yield) {
				return
			}
		}
	}
}

// list goes through the pages of a query, and tells whether to go on.
func (s *Server) list(ctx context.Context, query url.Values, yield func(Image, error) bool) bool {
	var before []Image
	for {
		page, err := s.page(ctx, query, before)
		if err != nil {
			yield(nil, err)
			return false
		}
		for _, img := range page {
			if !yield(img, nil) {
				return false
			}
		}
		if len(page) == 0 {
			return true
		}
		before = page
	}
}

// page is the one behind the page before: behind the last image of it that still
// exists, since a long command outlives some.
func (s *Server) page(ctx context.Context, query url.Values, before []Image) ([]Image, error) {
	for {
		query.Del("marker")
		if len(before) > 0 {
			query.Set("marker", before[len(before)-1].id())
		}
		var page struct {
			Images []Image `json:"images"`
		}
		err := s.ask(ctx, http.MethodGet, "/v2/images?"+query.Encode(), "", nil, http.StatusOK, &page)
		gone := errors.Is(err, glance.NotFound) || errors.Is(err, glance.Forbidden)
		if len(before) < 2 || !gone {
			return page.Images, err
		}
		before = before[:len(before)-1]
	}
}
