package v2

import (
	"encoding/json"
	"net/http"

	"glance/internal/glance"
)

// tasks is GET /v2/images/{image_id}/tasks.
func (d *Door) tasks(w http.ResponseWriter, r *http.Request) error {
	tasks, err := d.Catalog.TasksOf(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"tasks": [`...)
		for i, t := range tasks {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendTask(b, t)
		}
		return append(b, "]}"...)
	})
}

// appendTask appends a task of an image: its times are raw (spec images-v2 §7).
func appendTask(b []byte, t *glance.Task) []byte {
	b = appendText(append(b, '{'), "id", t.ID)
	b = appendText(b, "type", t.Type)
	b = appendText(b, "status", string(t.Status))
	b = appendFilled(b, "owner", t.Owner)
	b = appendMoment(b, "expires_at", t.ExpiresAt)
	b = appendMoment(b, "created_at", t.CreatedAt)
	b = appendMoment(b, "updated_at", t.UpdatedAt)
	b = appendMoment(b, "deleted_at", t.DeletedAt)
	b = appendFlag(b, "deleted", t.Deleted)
	b = appendFilled(b, "image_id", t.ImageID)
	b = appendFilled(b, "request_id", t.RequestID)
	b = appendFilled(b, "user_id", t.UserID)
	b = appendRaw(b, "input", t.Input)
	b = appendRaw(b, "result", t.Result)
	return append(appendText(b, "message", t.Message), '}')
}

func appendRaw(b []byte, key string, text json.RawMessage) []byte {
	b = appendKey(b, key)
	if len(text) == 0 {
		return append(b, "null"...)
	}
	return append(b, text...)
}
