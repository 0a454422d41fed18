package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"glance/internal/glance"
)

// Image2 is an image as version 2 shows it: the columns, and the rows of its
// children. Its Version is not part of the original's.
type Image2 struct {
	Brief
	Status      string      `json:"status"`
	VirtualSize *int64      `json:"virtual_size"`
	MinDisk     int64       `json:"min_disk"`
	MinRAM      int64       `json:"min_ram"`
	Visibility  string      `json:"visibility,omitempty"` // not in v1_mode
	IsPublic    *bool       `json:"is_public,omitempty"`  // in v1_mode
	Owner       *string     `json:"owner"`
	Protected   bool        `json:"protected"`
	Hidden      bool        `json:"os_hidden"`
	HashAlgo    *string     `json:"os_hash_algo"`
	HashValue   *string     `json:"os_hash_value"`
	CreatedAt   Timestamp   `json:"created_at"`
	UpdatedAt   Timestamp   `json:"updated_at"`
	DeletedAt   Timestamp   `json:"deleted_at"`
	Deleted     bool        `json:"deleted"`
	Properties  []Property2 `json:"properties"`
	Locations   []Location  `json:"locations"`
	Tags        []string    `json:"tags"`
	Version     string      `json:"_version,omitempty"`
}

// Property2 is the row of a property.
type Property2 struct {
	Name    string  `json:"name"`
	Value   *string `json:"value"`
	Deleted bool    `json:"deleted"`
}

// Row gives the shape of an image, with its version.
func Row(img *glance.Image) Image2 {
	w := Image2{
		Brief: BriefOf(img), Status: string(img.Status), VirtualSize: img.VirtualSize, MinDisk: img.MinDisk, MinRAM: img.MinRAM,
		Visibility: string(img.Visibility), Owner: filled(img.Owner), Protected: img.Protected, Hidden: img.Hidden,
		HashAlgo: filled(img.HashAlgo), HashValue: filled(img.HashValue), CreatedAt: Timestamp{img.CreatedAt},
		UpdatedAt: Timestamp{img.UpdatedAt}, DeletedAt: Timestamp{img.DeletedAt}, Deleted: img.Deleted,
		Properties: make([]Property2, 0, len(img.Properties)), Locations: locationsOf(img), Tags: append([]string{}, img.Tags...),
	}
	for _, p := range img.Properties {
		row := Property2{Name: p.Name}
		if !p.Null {
			row.Value = &p.Value
		}
		w.Properties = append(w.Properties, row)
	}
	w.Version = versionOf(w)
	return w
}

// V1 is the shape for callers that know no visibility.
func (w Image2) V1() Image2 {
	public := w.Visibility == string(glance.VisibilityPublic)
	w.IsPublic, w.Visibility = &public, ""
	return w
}

// versionOf tells states of a row apart.
func versionOf(row any) string {
	text, err := json.Marshal(row)
	if err != nil {
		return "" // cannot be: rows are plain data
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Image gives the image of a row.
func (w *Image2) Image() *glance.Image {
	img := &glance.Image{
		ID: w.ID, Name: w.Name, Status: glance.Status(w.Status), Visibility: glance.Visibility(w.Visibility), Owner: text(w.Owner),
		DiskFormat: text(w.DiskFormat), ContainerFormat: text(w.ContainerFormat), Size: w.Size, VirtualSize: w.VirtualSize,
		Checksum: text(w.Checksum), HashAlgo: text(w.HashAlgo), HashValue: text(w.HashValue), MinDisk: w.MinDisk, MinRAM: w.MinRAM,
		Protected: w.Protected, Hidden: w.Hidden, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time,
		DeletedAt: w.DeletedAt.Time, Deleted: w.Deleted, Tags: w.Tags,
	}
	for _, p := range w.Properties {
		if !p.Deleted {
			img.Properties = append(img.Properties, glance.Property{Name: p.Name, Value: text(p.Value), Null: p.Value == nil})
		}
	}
	for _, l := range w.Locations {
		img.Locations = append(img.Locations, glance.Location{
			ID: l.ID, URL: l.URL, Metadata: l.Metadata, Status: glance.LocationStatus(l.Status),
		})
	}
	return img
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Member2 is the row of a membership.
type Member2 struct {
	ID        string    `json:"id"`
	ImageID   string    `json:"image_id"`
	Member    string    `json:"member"`
	CanShare  bool      `json:"can_share"`
	Status    string    `json:"status"`
	CreatedAt Timestamp `json:"created_at"`
	UpdatedAt Timestamp `json:"updated_at"`
	Deleted   bool      `json:"deleted"`
	Version   string    `json:"_version,omitempty"`
}

// MemberRow gives the shape of a membership. Compat: its id is a number in the
// original, and no caller but hands it back.
func MemberRow(m glance.Member) Member2 {
	w := Member2{
		ID: m.ImageID + ":" + m.Member, ImageID: m.ImageID, Member: m.Member, CanShare: m.CanShare, Status: string(m.Status),
		CreatedAt: Timestamp{m.CreatedAt}, UpdatedAt: Timestamp{m.UpdatedAt},
	}
	w.Version = versionOf(w)
	return w
}

// Row gives the membership of a row.
func (w *Member2) Row() glance.Member {
	return glance.Member{
		ImageID: w.ImageID, Member: w.Member, Status: glance.MemberStatus(w.Status), CanShare: w.CanShare,
		CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time,
	}
}

// Task2 is the row of a task.
type Task2 struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Status    string          `json:"status"`
	Owner     *string         `json:"owner"`
	ImageID   *string         `json:"image_id"`
	RequestID *string         `json:"request_id"`
	UserID    *string         `json:"user_id"`
	Input     json.RawMessage `json:"input,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Message   *string         `json:"message,omitempty"`
	ExpiresAt Timestamp       `json:"expires_at"`
	CreatedAt Timestamp       `json:"created_at"`
	UpdatedAt Timestamp       `json:"updated_at"`
	DeletedAt Timestamp       `json:"deleted_at"`
	Deleted   bool            `json:"deleted"`
	Version   string          `json:"_version,omitempty"`
}

// TaskRow gives the shape of a task.
func TaskRow(t *glance.Task) Task2 {
	w := Task2{
		ID: t.ID, Type: t.Type, Status: string(t.Status), Owner: filled(t.Owner), ImageID: filled(t.ImageID),
		RequestID: filled(t.RequestID), UserID: filled(t.UserID), Input: t.Input, Result: t.Result, Message: filled(t.Message),
		ExpiresAt: Timestamp{t.ExpiresAt}, CreatedAt: Timestamp{t.CreatedAt}, UpdatedAt: Timestamp{t.UpdatedAt},
		DeletedAt: Timestamp{t.DeletedAt}, Deleted: t.Deleted,
	}
	w.Version = versionOf(w)
	return w
}

// Task gives the task of a row.
func (w *Task2) Task() *glance.Task {
	return &glance.Task{
		ID: w.ID, Type: w.Type, Status: glance.TaskStatus(w.Status), Owner: text(w.Owner), ImageID: text(w.ImageID),
		RequestID: text(w.RequestID), UserID: text(w.UserID), Input: w.Input, Result: w.Result, Message: text(w.Message),
		ExpiresAt: w.ExpiresAt.Time, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time, DeletedAt: w.DeletedAt.Time,
		Deleted: w.Deleted,
	}
}
