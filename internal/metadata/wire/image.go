package wire

import (
	"time"

	"glance/internal/glance"
)

// timeLayout is how the protocol writes times: microseconds, no zone, UTC.
const timeLayout = "2006-01-02T15:04:05.000000"

// Brief is an image in a list without details.
type Brief struct {
	ID              string  `json:"id"`
	Name            *string `json:"name"`
	Size            *int64  `json:"size"`
	DiskFormat      *string `json:"disk_format"`
	ContainerFormat *string `json:"container_format"`
	Checksum        *string `json:"checksum"`
}

// Image is an image with everything.
type Image struct {
	Brief
	Status       string             `json:"status"`
	VirtualSize  *int64             `json:"virtual_size"`
	MinDisk      int64              `json:"min_disk"`
	MinRAM       int64              `json:"min_ram"`
	IsPublic     bool               `json:"is_public"`
	Owner        *string            `json:"owner"`
	Protected    bool               `json:"protected"`
	CreatedAt    *string            `json:"created_at"`
	UpdatedAt    *string            `json:"updated_at"`
	DeletedAt    *string            `json:"deleted_at"`
	Deleted      bool               `json:"deleted"`
	Properties   map[string]*string `json:"properties"`
	Location     *string            `json:"location"` // the first active one
	LocationData []Location         `json:"location_data"`
}

// Location is one place of an image's data.
type Location struct {
	ID       int64          `json:"id"`
	URL      string         `json:"url"`
	Metadata map[string]any `json:"metadata"`
	Status   string         `json:"status"`
}

// BriefOf gives the short shape of an image.
func BriefOf(img *glance.Image) Brief {
	return Brief{
		ID: img.ID, Name: img.Name, Size: img.Size, DiskFormat: filled(img.DiskFormat),
		ContainerFormat: filled(img.ContainerFormat), Checksum: filled(img.Checksum),
	}
}

// ImageOf gives the long shape of an image, as users see it.
func ImageOf(img *glance.Image) Image {
	w := Image{
		Brief: BriefOf(img), Status: string(img.Status), VirtualSize: img.VirtualSize,
		MinDisk: img.MinDisk, MinRAM: img.MinRAM, IsPublic: img.Visibility == glance.VisibilityPublic,
		Owner: filled(img.Owner), Protected: img.Protected, Deleted: img.Deleted,
		CreatedAt: moment(img.CreatedAt), UpdatedAt: moment(img.UpdatedAt), DeletedAt: moment(img.DeletedAt),
		Properties: make(map[string]*string, len(img.Properties)), LocationData: locationsOf(img),
	}
	for _, p := range img.Properties {
		if p.Name == glance.AttemptProperty {
			continue
		}
		w.Properties[p.Name] = nil
		if !p.Null {
			w.Properties[p.Name] = &p.Value
		}
	}
	for i, loc := range w.LocationData {
		if loc.Status == string(glance.LocationActive) {
			w.Location = &w.LocationData[i].URL
			break
		}
	}
	return w
}

func locationsOf(img *glance.Image) []Location {
	list := make([]Location, 0, len(img.Locations))
	for _, loc := range img.Locations {
		l := Location{ID: loc.ID, URL: loc.URL, Metadata: loc.Metadata, Status: string(loc.Status)}
		if l.Metadata == nil {
			l.Metadata = map[string]any{}
		}
		if l.Status == "" {
			l.Status = string(glance.LocationActive)
		}
		list = append(list, l)
	}
	return list
}

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
