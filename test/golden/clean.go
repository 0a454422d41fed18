package golden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const cleanTimeout = 10 * time.Second

// clean removes images, namespaces and the cache's contents through the API, as README wants before each scenario. Tasks
// of the scenario before may still hold an image for a moment, so it tries until nothing is left.
func (t Target) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	for {
		left, err := t.sweep(ctx)
		if err == nil && left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d things are left after %v", left, cleanTimeout), err)
		case <-time.After(interval / 10):
		}
	}
}

// sweep asks for what there is, removes it, and tells how much it found.
func (t Target) sweep(ctx context.Context) (left int, err error) {
	for _, query := range []string{"visibility=all", "visibility=all&os_hidden=true"} {
		var page struct {
			Images []struct {
				ID        string
				Protected bool
			}
		}
		if err := t.list(ctx, "/v2/images?limit=100&"+query, &page); err != nil {
			return left, err
		}
		for _, img := range page.Images {
			left++
			path := "/v2/images/" + img.ID
			if img.Protected {
				const patch = `[{"op": "replace", "path": "/protected", "value": false}]`
				_, err = t.asAdmin(ctx, "PATCH", path, "application/openstack-images-v2.1-json-patch", patch)
			}
			if _, err2 := t.asAdmin(ctx, "DELETE", path, "", ""); err != nil || err2 != nil {
				return left, errors.Join(err, err2)
			}
		}
	}
	var page struct {
		Namespaces []struct {
			Namespace string
			Protected bool
		}
	}
	if err := t.list(ctx, "/v2/metadefs/namespaces?limit=100", &page); err != nil {
		return left, err
	}
	for _, ns := range page.Namespaces {
		left++
		path := "/v2/metadefs/namespaces/" + url.PathEscape(ns.Namespace)
		if ns.Protected {
			_, err = t.asAdmin(ctx, "PUT", path, "application/json", show(map[string]any{"namespace": ns.Namespace, "protected": false}))
		}
		if _, err2 := t.asAdmin(ctx, "DELETE", path, "", ""); err != nil || err2 != nil {
			return left, errors.Join(err, err2)
		}
	}
	// Servers without a cache answer 404.
	_, err = t.asAdmin(ctx, "DELETE", "/v2/cache", "", "")
	return left, err
}

// list reads one page; what is beyond it comes with the next sweep.
func (t Target) list(ctx context.Context, path string, page any) error {
	got, err := t.asAdmin(ctx, "GET", path, "", "")
	if err != nil {
		return err
	}
	if got.status == http.StatusNotFound {
		return nil // a server without this part has nothing of it
	}
	if got.status != http.StatusOK {
		return fmt.Errorf("GET %s answers %d: %.200s", path, got.status, got.body)
	}
	return json.Unmarshal(got.body, page)
}

func (t Target) asAdmin(ctx context.Context, method, path, contentType, body string) (*answer, error) {
	req := adminRequest(method, path)
	if contentType != "" {
		req.Headers["Content-Type"] = contentType
		req.BodyText = &body
	}
	return send(ctx, t.Addr, req, Bindings{})
}

func adminRequest(method, path string) *Request {
	return &Request{Method: method, Path: path, Headers: map[string]string{
		"X-Identity-Status": "Confirmed", "X-User-Id": "u-admin", "X-Project-Id": "p-admin", "X-Roles": "admin,member,reader",
	}}
}
