package method

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"glance/internal/glance"
	"glance/internal/importflow"
)

// maxDocument is the size of a remote image's description.
const maxDocument = 1 << 20

// download reads an image of another Glance in the caller's catalog:
// glance-download (spec import §5.5).
type download struct {
	filter     *importflow.Filter
	client     *client
	properties []string
}

// Check: the importer has looked at the fields of the request.
func (download) Check(context.Context, *importflow.Request) error { return nil }

func (d download) Open(ctx context.Context, w *importflow.Work) (*importflow.Source, error) {
	endpoint, err := endpointOf(w.Who, w.Request)
	if err != nil {
		return nil, err
	}
	target := strings.TrimRight(endpoint, "/") + "/v2/images/" + url.PathEscape(w.Request.ImageID)
	remote, err := d.describe(ctx, w, target)
	if err != nil {
		return nil, err
	}
	size, err := remote.size()
	if err != nil {
		return nil, err
	}
	change := d.changes(remote)
	if _, ok := d.filter.Admit(ctx, target+"/file"); !ok {
		return nil, fmt.Errorf("Processed URI for glance-download does not pass filtering: %s/file", target)
	}
	answer, err := d.ask(ctx, w, target+"/file") //nolint:bodyclose // who has the Source closes it
	if err != nil {
		return nil, err
	}
	w.Change(change)
	return &importflow.Source{ReadCloser: answer.Body, Size: size}, nil
}

func (d download) ask(ctx context.Context, w *importflow.Work, target string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set(tokenHeader, w.Who.Token)
	return d.client.get(r)
}

// remoteImage is the description of an image.
type remoteImage map[string]any

func (d download) describe(ctx context.Context, w *importflow.Work, target string) (remoteImage, error) {
	answer, err := d.ask(ctx, w, target)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var remote remoteImage
	decoder := json.NewDecoder(io.LimitReader(answer.Body, maxDocument))
	decoder.UseNumber()
	if err := decoder.Decode(&remote); err != nil {
		return nil, fmt.Errorf("read the remote image: %w", err)
	}
	if status := remote.text("status"); status != string(glance.StatusActive) {
		return nil, fmt.Errorf("Source image status should be active instead of %s", status)
	}
	return remote, nil
}

func (r remoteImage) text(key string) string {
	s, _ := r[key].(string)
	return s
}

func (r remoteImage) size() (int64, error) {
	n, ok := r["size"].(json.Number)
	if ok {
		if size, err := n.Int64(); err == nil && size >= 0 {
			return size, nil
		}
	}
	return 0, fmt.Errorf("Size attribute of remote image %s could not be determined.", r.text("id"))
}

// changes gives the image the formats of the remote one, and some of its
// properties.
func (d download) changes(r remoteImage) func(*glance.Image) {
	return func(img *glance.Image) {
		for name := range r {
			value, ok := r[name].(string)
			if ok && d.wants(name) {
				img.SetProperty(glance.Property{Name: name, Value: value})
			}
		}
		img.DiskFormat, img.ContainerFormat = r.text("disk_format"), r.text("container_format")
	}
}

func (d download) wants(name string) bool {
	if strings.HasPrefix(name, glance.ReservedPrefix) {
		return false
	}
	for _, beginning := range d.properties {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}

// endpointOf finds the other Glance in the caller's catalog.
func endpointOf(who *glance.Caller, r *importflow.Request) (string, error) {
	var catalog []struct {
		Type      string           `json:"type"`
		Endpoints []map[string]any `json:"endpoints"`
	}
	if len(who.Catalog) > 0 {
		if err := json.Unmarshal(who.Catalog, &catalog); err != nil {
			return "", errors.New("the service catalog cannot be read")
		}
	}
	for _, service := range catalog {
		if service.Type != "image" {
			continue
		}
		for _, e := range service.Endpoints {
			region, _ := e["region"].(string)
			if target, ok := e[r.Interface+"URL"].(string); ok && strings.EqualFold(region, r.Region) {
				return target, nil
			}
		}
	}
	return "", fmt.Errorf("%s glance endpoint not found for region %s", r.Interface, r.Region)
}
