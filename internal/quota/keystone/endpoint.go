package keystone

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// whose finds out what the limits belong to, after a look at how they are
// enforced.
func (l *Limits) whose(ctx context.Context) (owner, error) {
	l.mu.Lock()
	known, fresh := l.owner, time.Now().Before(l.until)
	l.mu.Unlock()
	if fresh {
		return known, nil
	}
	if err := l.checkModel(ctx); err != nil {
		return owner{}, err
	}
	found, err := l.endpoint(ctx)
	if err != nil {
		return owner{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner, l.until = found, time.Now().Add(remembered)
	return found, nil
}

func (l *Limits) checkModel(ctx context.Context) error {
	var answer struct {
		Model struct {
			Name string `json:"name"`
		} `json:"model"`
	}
	const path = "/limits/model"
	if err := l.ask(ctx, path, &answer); err != nil {
		return err
	}
	switch answer.Model.Name {
	case flat:
		return nil
	case "":
		return nonsense(path)
	}
	return fmt.Errorf("limits are enforced by the model %q; only flat is known here", answer.Model.Name)
}

type endpoint struct {
	Service string `json:"service_id"`
	Region  string `json:"region_id"`
}

func (l *Limits) endpoint(ctx context.Context) (owner, error) {
	if l.at.ID == "" {
		return l.search(ctx)
	}
	var answer struct {
		Endpoint endpoint `json:"endpoint"`
	}
	path := "/endpoints/" + url.PathEscape(l.at.ID)
	if err := l.ask(ctx, path, &answer); err != nil {
		return owner{}, fmt.Errorf("endpoint_id: %w", err)
	}
	if answer.Endpoint.Service == "" {
		return owner{}, nonsense(path)
	}
	return owner{answer.Endpoint.Service, answer.Endpoint.Region}, nil
}

// search wants exactly one service and one endpoint of it.
func (l *Limits) search(ctx context.Context) (owner, error) {
	var services struct {
		Services []struct {
			ID string `json:"id"`
		} `json:"services"`
	}
	if err := l.ask(ctx, "/services?"+filter("type", l.at.ServiceType, "name", l.at.ServiceName), &services); err != nil {
		return owner{}, err
	}
	if n := len(services.Services); n != 1 {
		return owner{}, fmt.Errorf("endpoint_service_type and endpoint_service_name leave %d services, not one", n)
	}
	var endpoints struct {
		Endpoints []endpoint `json:"endpoints"`
	}
	id := services.Services[0].ID
	query := filter("service_id", id, "region_id", l.at.Region, "interface", strings.TrimSuffix(l.at.Interface, "URL"))
	if err := l.ask(ctx, "/endpoints?"+query, &endpoints); err != nil {
		return owner{}, err
	}
	if n := len(endpoints.Endpoints); n != 1 {
		return owner{}, fmt.Errorf("endpoint_region_name and endpoint_interface leave %d endpoints of the service, not one", n)
	}
	return owner{id, endpoints.Endpoints[0].Region}, nil
}
