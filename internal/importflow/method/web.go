package method

import (
	"context"
	"fmt"
	"net/http"

	"glance/internal/glance"
	"glance/internal/importflow"
)

// web reads a URL: web-download (spec import §5.4).
type web struct {
	filter *importflow.Filter
	client *client
}

func (w web) Check(ctx context.Context, r *importflow.Request) error {
	uri := "None"
	if r.URI != nil {
		uri = *r.URI
		if _, ok := w.filter.Admit(ctx, uri); ok {
			return nil
		}
	}
	err := glance.Errorf(glance.Invalid, "URI for web-download does not pass filtering: %s", uri)
	return importflow.Discreet(err, "a URI for web-download does not pass filtering")
}

func (w web) Open(ctx context.Context, work *importflow.Work) (*importflow.Source, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, *work.Request.URI, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := w.client.get(r) //nolint:bodyclose // who has the Source closes it
	if err != nil {
		return nil, err
	}
	size := answer.ContentLength
	if size == 0 {
		size = -1 // Compat: the original checks nothing then
	}
	return &importflow.Source{ReadCloser: answer.Body, Size: size}, nil
}

// refused is the error of an answer that has no data.
func refused(answer *http.Response) error {
	return fmt.Errorf("the answer is %s", answer.Status)
}
