package keystone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"glance/internal/glance"
	"glance/internal/quota"
)

const (
	defaultTimeout = 30 * time.Second
	remembered     = time.Minute // of the endpoint and the model
	flat           = "flat"      // the only model of enforcement that the original has
)

// Get asks for what is at a path of the identity API below its version, query
// included.
type Get func(ctx context.Context, path string) (status int, body []byte, err error)

// Endpoint names the endpoint whose limits count, by its id or by the rest.
type Endpoint struct {
	ID          string
	ServiceType string
	ServiceName string
	Region      string
	Interface   string        // public, internal or admin; empty is any
	Timeout     time.Duration // of a question as a whole; 0 is 30 s
}

// Limits are those of one endpoint.
type Limits struct {
	get Get
	at  Endpoint

	mu    sync.Mutex
	owner owner
	until time.Time // of owner
}

// owner is what limits belong to.
type owner struct{ service, region string }

// New makes a source; it asks nothing yet. An error says which option is
// missing.
func New(get Get, at Endpoint) (*Limits, error) {
	if at.ID == "" && (at.Region == "" || at.ServiceType == "" && at.ServiceName == "") {
		return nil, errors.New("endpoint_id is missing, or endpoint_region_name with endpoint_service_type or endpoint_service_name")
	}
	if at.Timeout <= 0 {
		at.Timeout = defaultTimeout
	}
	return &Limits{get: get, at: at}, nil
}

// Limits implements quota.Source.
func (l *Limits) Limits(ctx context.Context, project string, of ...quota.Resource) (map[quota.Resource]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.at.Timeout)
	defer cancel()
	found, err := l.find(ctx, project, of)
	if err != nil {
		return nil, &glance.Error{Kind: glance.Internal, Cause: fmt.Errorf("limits of the identity service: %w", err)}
	}
	return found, nil
}

func (l *Limits) find(ctx context.Context, project string, of []quota.Resource) (map[quota.Resource]int64, error) {
	whose, err := l.whose(ctx)
	if err != nil {
		return nil, err
	}
	found := map[quota.Resource]int64{}
	if project != "" {
		if err := l.collect(ctx, found, "/limits", whose, project); err != nil {
			return nil, err
		}
	}
	for _, r := range of {
		if _, ok := found[r]; !ok {
			return found, l.collect(ctx, found, "/registered_limits", whose, "")
		}
	}
	return found, nil
}

// list is the answer of both calls.
type list struct {
	Limits     []item `json:"limits"`
	Registered []item `json:"registered_limits"`
}

type item struct {
	Service  string         `json:"service_id"`
	Region   string         `json:"region_id"`
	Project  string         `json:"project_id"`
	Resource quota.Resource `json:"resource_name"`
	Limit    *int64         `json:"resource_limit"`
	Default  *int64         `json:"default_limit"`
}

// collect adds limits to those that were found before, which count more. What
// the query says is checked again: a service that does not know a filter
// ignores it.
func (l *Limits) collect(ctx context.Context, found map[quota.Resource]int64, path string, whose owner, project string) error {
	var answer list
	query := filter("service_id", whose.service, "region_id", whose.region, "project_id", project)
	if err := l.ask(ctx, path+"?"+query, &answer); err != nil {
		return err
	}
	items := answer.Limits
	if project == "" {
		items = answer.Registered
	}
	if items == nil {
		return nonsense(path)
	}
	for _, i := range items {
		limit := i.Limit
		if project == "" {
			limit = i.Default
		}
		_, known := found[i.Resource]
		switch {
		case known, i.Service != whose.service, i.Region != whose.region, i.Project != project:
		case limit == nil:
			return nonsense(path)
		default:
			found[i.Resource] = *limit
		}
	}
	return nil
}

// ask decodes an answer.
func (l *Limits) ask(ctx context.Context, path string, into any) error {
	status, body, err := l.get(ctx, path)
	what, _, _ := strings.Cut(path, "?")
	switch {
	case err != nil:
		return err
	case status == http.StatusForbidden:
		return fmt.Errorf("the user of [oslo_limit] may not read %s: it needs the role reader for the system", what)
	case status != http.StatusOK:
		return fmt.Errorf("the answer to %s is %d", what, status)
	case json.Unmarshal(body, into) != nil:
		return nonsense(what)
	}
	return nil
}

func nonsense(what string) error { return fmt.Errorf("the answer to %s makes no sense", what) }

// filter is a query of those of the pairs that have a value.
func filter(pairs ...string) string {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query.Encode()
}
