package v1

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"glance/internal/glance"
)

// brief is an image in a list without details.
type brief struct {
	ID              string  `json:"id"`
	Name            *string `json:"name"`
	Size            *int64  `json:"size"`
	DiskFormat      *string `json:"disk_format"`
	ContainerFormat *string `json:"container_format"`
	Checksum        *string `json:"checksum"`
}

// document is an image as v1 shows it; where its data lies is never said.
type document struct {
	brief
	Status      string             `json:"status"`
	VirtualSize *int64             `json:"virtual_size"`
	MinDisk     int64              `json:"min_disk"`
	MinRAM      int64              `json:"min_ram"`
	IsPublic    bool               `json:"is_public"`
	Protected   bool               `json:"protected"`
	Deleted     bool               `json:"deleted"`
	Owner       *string            `json:"owner"`
	CreatedAt   *string            `json:"created_at"`
	UpdatedAt   *string            `json:"updated_at"`
	DeletedAt   *string            `json:"deleted_at"`
	Properties  map[string]*string `json:"properties"`
}

func briefOf(img *glance.Image) brief {
	return brief{
		ID: img.ID, Name: img.Name, Size: img.Size, DiskFormat: filled(img.DiskFormat),
		ContainerFormat: filled(img.ContainerFormat), Checksum: filled(img.Checksum),
	}
}

func documentOf(img *glance.Image) document {
	doc := document{
		brief: briefOf(img), Status: string(img.Status), VirtualSize: img.VirtualSize, MinDisk: img.MinDisk, MinRAM: img.MinRAM,
		IsPublic: img.Visibility == glance.VisibilityPublic, Protected: img.Protected, Deleted: img.Deleted,
		Owner: filled(img.Owner), CreatedAt: moment(img.CreatedAt), UpdatedAt: moment(img.UpdatedAt),
		DeletedAt: moment(img.DeletedAt), Properties: make(map[string]*string, len(img.Properties)),
	}
	for _, p := range img.Properties {
		doc.Properties[p.Name] = nil
		if !p.Null {
			doc.Properties[p.Name] = &p.Value
		}
	}
	return doc
}

// filled is a text of which the empty one is null.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeLayout)
	return &s
}

// writeJSON answers with a document.
func writeJSON(w http.ResponseWriter, status int, doc any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return err
	}
	text := bytes.TrimRight(b.Bytes(), "\n")
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may be gone; there is nobody left to tell
	return nil
}

// writeEmpty answers with a status and nothing else.
func writeEmpty(w http.ResponseWriter, status int) error {
	if status != http.StatusNoContent {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(status)
	return nil
}
