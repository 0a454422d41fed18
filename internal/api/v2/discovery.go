package v2

import (
	"net/http"

	"glance/internal/glance"
)

// StoreInfo is what discovery says of a store (spec images-v2 §21).
type StoreInfo struct {
	ID          string
	Description string
	Type        string
	Default     bool
	ReadOnly    bool
	Weight      int64
	Properties  map[string]any
}

// infoImport is GET /v2/info/import.
func (d *Door) infoImport(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"import-methods": {"description": "Import methods available.", "type": "array", "value": [`...)
		for i, method := range d.Config.ImportMethods {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendString(b, method)
		}
		return append(b, "]}}"...)
	})
}

// infoStores is GET /v2/info/stores.
func (d *Door) infoStores(w http.ResponseWriter, _ *http.Request) error {
	return d.writeStores(w, false)
}

// infoStoresDetail is GET /v2/info/stores/detail.
func (d *Door) infoStoresDetail(w http.ResponseWriter, r *http.Request) error {
	if d.Config.StoreIDs != nil {
		if err := d.Catalog.MaySeeStores(r.Context(), caller(r)); err != nil {
			return err
		}
	}
	return d.writeStores(w, true)
}

func (d *Door) writeStores(w http.ResponseWriter, detail bool) error {
	if d.Config.StoreIDs == nil {
		return glance.Errorf(glance.NotFound, "Multi backend is not supported at this site.")
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"stores": [`...)
		for i, s := range d.Config.Stores {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendStore(b, s, detail)
		}
		return append(b, "]}"...)
	})
}

func appendStore(b []byte, s StoreInfo, detail bool) []byte {
	b = appendText(append(b, '{'), "id", s.ID)
	if s.Description != "" {
		b = appendText(b, "description", s.Description)
	}
	if s.Default {
		b = appendText(b, "default", "true")
	}
	if s.ReadOnly {
		b = appendText(b, "read-only", "true")
	}
	if detail {
		b = appendText(b, "type", s.Type)
		b = appendNumber(b, "weight", &s.Weight)
		b = appendAny(appendKey(b, "properties"), s.Properties)
	}
	return append(b, '}')
}

// infoUsage is GET /v2/info/usage.
func (d *Door) infoUsage(w http.ResponseWriter, r *http.Request) error {
	claims, err := d.Allowance.Usage(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"usage": {`...)
		for _, c := range claims {
			b = appendKey(b, string(c.Resource))
			b = appendNumber(append(b, '{'), "usage", &c.Usage)
			b = append(appendNumber(b, "limit", &c.Limit), '}')
		}
		return append(b, "}}"...)
	})
}
