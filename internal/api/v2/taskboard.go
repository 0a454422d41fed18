package v2

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/importflow"
)

// listTasks is GET /v2/tasks.
func (d *Door) listTasks(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	if err := d.Board.MaySee(ctx, who); err != nil {
		return err
	}
	params := api.Query(r)
	want, err := d.readTaskListing(params)
	if err != nil {
		return err
	}
	tasks, err := d.Board.List(ctx, who, want)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"tasks": [`...)
		for i, t := range tasks {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendTaskView(b, t, false)
		}
		b = appendPageLink(append(b, ']'), "first", "/v2/tasks", params, "")
		b = appendText(b, "schema", "/v2/schemas/tasks")
		if n := len(tasks); n > 0 && n == want.Limit {
			b = appendPageLink(b, "next", "/v2/tasks", params, tasks[n-1].ID)
		}
		return append(b, '}')
	})
}

// readTaskListing reads the parameters of spec import §10.2; of a repeated one
// the last value counts.
func (d *Door) readTaskListing(params []api.Param) (importflow.TaskListing, error) {
	l := importflow.TaskListing{Limit: min(d.Config.LimitDefault, d.Config.LimitMax), SortKey: "created_at"}
	for _, p := range params {
		value := p.Value
		switch p.Name {
		case "limit":
			limit, err := parseLimit(value, 0)
			if err != nil {
				return l, err
			}
			l.Limit = min(limit, d.Config.LimitMax)
		case "marker":
			if !isUUID(value) {
				return l, glance.Errorf(glance.Invalid, "Invalid marker format")
			}
			l.Marker = value
		case "sort_key":
			l.SortKey = strings.TrimSpace(value)
		case "sort_dir":
			value = strings.TrimSpace(value)
			if value != "asc" && value != "desc" {
				return l, glance.Errorf(glance.Invalid, "Invalid sort direction: %s", value)
			}
			l.Ascending = value == "asc"
		case "status":
			if !slices.Contains([]string{"pending", "processing", "success", "failure"}, value) {
				return l, glance.Errorf(glance.Invalid, "Invalid status value: %s", value)
			}
			l.Status = glance.TaskStatus(value)
		case "type":
			if value != "import" { // Compat: the others cannot be asked for
				return l, glance.Errorf(glance.Invalid, "Invalid type value: %s", value)
			}
			l.Type = value
		}
	}
	return l, nil
}

// showTask is GET /v2/tasks/{task_id}.
func (d *Door) showTask(w http.ResponseWriter, r *http.Request) error {
	if err := d.Board.MaySee(r.Context(), caller(r)); err != nil {
		return err
	}
	t, err := d.Board.Show(r.Context(), caller(r), r.PathValue("task_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return appendTaskView(b, t, true) })
}

// createTask is POST /v2/tasks.
func (d *Door) createTask(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), caller(r)
	if err := d.Board.MaySee(ctx, who); err != nil {
		return err
	}
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	for _, key := range []string{"type", "input"} {
		if _, given := doc[key]; !given {
			return glance.Errorf(glance.Invalid, "Task '%s' is required", key)
		}
	}
	if err := d.Schema.task.Validate(doc); err != nil {
		return glance.Errorf(glance.Invalid, "Provided object does not match schema 'task': %s", err)
	}
	if who.ReadOnly {
		return glance.Detailf(glance.Forbidden, "Read-only access")
	}
	input, err := json.Marshal(doc["input"])
	if err != nil {
		return err
	}
	t, err := d.Board.Create(ctx, who, textOf(doc["type"]), input)
	if err != nil {
		return err
	}
	w.Header().Set("Location", api.Absolute(r, "/v2/tasks/"+t.ID))
	return writeJSON(w, http.StatusCreated, func(b []byte) []byte { return appendTaskView(b, t, true) })
}

// deleteTask is DELETE /v2/tasks/{task_id}.
func (d *Door) deleteTask(_ http.ResponseWriter, r *http.Request) error {
	if err := d.Board.MaySee(r.Context(), caller(r)); err != nil {
		return err
	}
	return api.NeverAllowed(http.MethodGet, "This operation is currently not permitted on Glance Tasks. "+
		"They are auto deleted after reaching the time based on their expires_at property.")
}

// appendTaskView appends a task as the API of tasks shows it; briefly in lists.
func appendTaskView(b []byte, t *glance.Task, whole bool) []byte {
	b = appendText(append(b, '{'), "id", t.ID)
	b = appendText(b, "type", t.Type)
	b = appendText(b, "status", string(t.Status))
	b = appendFilled(b, "owner", t.Owner)
	if whole {
		b = appendRaw(b, "input", t.Input)
		b = appendRaw(b, "result", t.Result)
		b = appendText(b, "message", t.Message)
	}
	b = appendTime(b, "created_at", t.CreatedAt)
	b = appendTime(b, "updated_at", t.UpdatedAt)
	if !t.ExpiresAt.IsZero() {
		b = appendTime(b, "expires_at", t.ExpiresAt)
	}
	if whole {
		for _, f := range []struct{ key, value string }{
			{"image_id", t.ImageID}, {"request_id", t.RequestID}, {"user_id", t.UserID},
		} {
			if f.value != "" {
				b = appendText(b, f.key, f.value)
			}
		}
	}
	b = appendText(b, "self", "/v2/tasks/"+t.ID)
	return append(appendText(b, "schema", "/v2/schemas/task"), '}')
}

// isUUID reports whether s is spelled like a UUID.
func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		strings.Trim(strings.ReplaceAll(s, "-", ""), "0123456789abcdefABCDEF") == ""
}
