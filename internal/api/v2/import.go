package v2

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/importflow"
)

// importImage is POST /v2/images/{image_id}/import.
func (d *Door) importImage(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	want, err := d.readImport(doc)
	if err != nil {
		return err
	}
	want.Replayed = r.Header.Get(ReplayedHeader) != ""
	if values := r.Header.Values("X-Image-Meta-Store"); len(values) > 0 {
		want.InStore = &values[0]
	}
	requestID, err := d.Importer.Import(r.Context(), caller(r), r.PathValue("image_id"), want)
	if err != nil {
		return err
	}
	if requestID != "" {
		w.Header().Set("X-Openstack-Request-Id", requestID)
	}
	return writeEmpty(w, http.StatusAccepted)
}

// readImport checks the body in the order of spec import §3.2.
func (d *Door) readImport(doc map[string]any) (*importflow.Request, error) {
	what, given := doc["method"]
	if !given {
		return nil, glance.Errorf(glance.Invalid, "Import request requires a 'method' field.")
	}
	method, ok := what.(map[string]any)
	if !ok {
		return nil, glance.Errorf(glance.Invalid, "The 'method' field of an import request has to be an object.")
	}
	if _, given := method["name"]; !given {
		return nil, glance.Errorf(glance.Invalid, "Import request requires a 'name' field.")
	}
	want := &importflow.Request{Method: textOf(method["name"])}
	if name, ok := method["name"].(string); !ok || !slices.Contains(d.Config.ImportMethods, name) {
		return nil, glance.Errorf(glance.Invalid, "Unknown import method name '%s'.", spelled(method["name"]))
	}
	if err := readFlags(want, doc); err != nil {
		return nil, err
	}
	if err := readStores(want, doc); err != nil {
		return nil, err
	}
	return want, readSource(want, doc, method)
}

func readFlags(want *importflow.Request, doc map[string]any) error {
	must := true
	for _, flag := range []struct {
		name string
		to   *bool
	}{{"all_stores_must_succeed", &must}, {"all_stores", &want.AllStores}} {
		value, given := doc[flag.name]
		if !given {
			continue
		}
		var ok bool
		if *flag.to, ok = value.(bool); !ok {
			return glance.Errorf(glance.Invalid, "'%s' must be boolean value only", flag.name)
		}
	}
	want.Tolerant = !must
	return nil
}

func readStores(want *importflow.Request, doc map[string]any) error {
	value, given := doc["stores"]
	if !given {
		return nil
	}
	want.StoresGiven = true
	list, ok := value.([]any)
	for _, item := range list {
		id, isText := item.(string)
		ok = ok && isText
		want.Stores = append(want.Stores, id)
	}
	if !ok {
		return glance.Errorf(glance.Invalid, "'stores' must be a list of store ids")
	}
	return nil
}

// readSource reads what the methods want to know. The body is kept as it is, for
// the task.
func readSource(want *importflow.Request, doc, method map[string]any) (err error) {
	if uri, given := method["uri"]; given && uri != nil {
		text := spelled(uri)
		want.URI = &text
	}
	if want.Method == importflow.Download {
		if _, given := method["glance_service_interface"]; !given {
			method["glance_service_interface"] = "public"
		}
		want.Region, want.ImageID = textOf(method["glance_region"]), textOf(method["glance_image_id"])
		want.Interface = textOf(method["glance_service_interface"])
	}
	want.Body, err = json.Marshal(doc)
	return err
}

// spelled gives a value of a body as text.
func spelled(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return fmt.Sprint(v)
}
