package v2_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/importflow"
)

// boarded is a rig with an API of tasks and four of them, the last one new.
func boarded(t *testing.T) *rig {
	t.Helper()
	r, method, _ := importing(t)
	r.door.Board = &importflow.Board{
		Tasks: r.db, Policy: r.door.Editor.Policy, Log: r.door.Stager.Log,
		Legacy: &importflow.Legacy{
			Importer: r.door.Importer, Editor: r.door.Editor, Filter: &importflow.Filter{}, Source: method, Read: r.door.ReadCreation,
		},
	}
	for i, id := range []string{"1", "2", "3", "4"} {
		err := r.db.CreateTask(t.Context(), &glance.Task{
			ID: strings.Replace(img1, "1", id, 1), Type: "import", Status: glance.TaskPending, Owner: "p-admin",
			Input: json.RawMessage(`{"a": 1}`), CreatedAt: time.Date(2030, 1, 1, 0, 0, i, 0, time.UTC), UpdatedAt: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) tasks(t *testing.T, who, method, path, body string) answer {
	t.Helper()
	return r.send(t, call{who: who, method: method, path: "/v2/tasks" + path, body: body})
}

// TestTasksRefused: the policy comes before everything else.
func TestTasksRefused(t *testing.T) {
	r := boarded(t)
	for _, c := range [][3]string{{"GET", "", ""}, {"GET", "?limit=x", ""}, {"POST", "", "{"}, {"GET", "/x", ""}, {"DELETE", "/x", ""}} {
		for _, who := range []string{"", "anon"} {
			r.tasks(t, who, c[0], c[1], c[2]).want(t, fault{403, "You are not authorized to complete tasks_api_access action.", ""})
		}
	}
	if a := r.tasks(t, "boss", "PUT", "/x", ""); a.status != 405 || a.header.Get("Allow") != "GET, DELETE" {
		t.Errorf("got %+v", a)
	}
}

func TestListTasks(t *testing.T) {
	r := boarded(t)
	for query, want := range map[string]string{
		"?limit=x":        "limit param must be an integer",
		"?limit=-1":       "limit param must be positive",
		"?marker=x":       "Invalid marker format",
		"?status=odd":     "Invalid status value: odd",
		"?type=odd":       "Invalid type value: odd",
		"?sort_dir=up":    "Invalid sort direction: up",
		"?sort_key=input": "Invalid sort key: input",
	} {
		r.tasks(t, "boss", "GET", query, "").want(t, fault{400, want, ""})
	}
	const brief = `{"tasks": [{"id": "41111111-1111-4111-8111-111111111111", "type": "import", "status": "pending", "owner": "p-admin", ` +
		`"created_at": "2030-01-01T00:00:03Z", "updated_at": "2030-01-02T00:00:00Z", "self": "/v2/tasks/41111111-1111-4111-8111-111111111111", ` +
		`"schema": "/v2/schemas/task"}], "first": "/v2/tasks?limit=1", "schema": "/v2/schemas/tasks", ` +
		`"next": "/v2/tasks?limit=1&marker=41111111-1111-4111-8111-111111111111"}`
	if a := r.tasks(t, "boss", "GET", "?limit=1", ""); a.status != 200 || a.body != brief {
		t.Errorf("got %s", a.body)
	}
	for query, want := range map[string]int{
		"": 2, "?limit=9": 4, "?limit=0": 0, "?status=success": 0, "?type=import&limit=3": 3, "?status=pending&sort_dir=asc&limit=4&marker=31111111-1111-4111-8111-111111111111": 1,
	} {
		if list, _ := r.tasks(t, "boss", "GET", query, "").decode(t)["tasks"].([]any); len(list) != want {
			t.Errorf("%s: %d tasks", query, len(list))
		}
	}
}

func TestCreateTask(t *testing.T) {
	r := boarded(t)
	for body, want := range map[string]string{
		``:                                "Body expected in request.",
		`[]`:                              "Unexpected body type. Expected list/dict.",
		`{}`:                              "Task 'type' is required",
		`{"type": "import"}`:              "Task 'input' is required",
		`{"type": "export", "input": {}}`: "Provided object does not match schema 'task': …",
		`{"type": "import", "input": {}, "extra": 1}`: "Provided object does not match schema 'task': …",
		`{"type": "import", "input": {}}`:             "Invalid location: None",
	} {
		r.tasks(t, "boss", "POST", "", body).want(t, fault{400, want, ""})
	}
	a := r.tasks(t, "boss", "POST", "", `{"type": "location_import", "input": {}}`)
	doc := a.decode(t)
	id, _ := doc["id"].(string)
	if a.status != 201 || !strings.HasSuffix(a.header.Get("Location"), "/v2/tasks/"+id) || doc["status"] != "pending" || doc["user_id"] != "u-boss" {
		t.Errorf("got %+v", a)
	}
	if a := r.tasks(t, "boss", "GET", "/"+id, ""); a.status != 200 || a.decode(t)["type"] != "location_import" {
		t.Errorf("got %+v", a)
	}
	r.tasks(t, "boss", "GET", "/x", "").want(t, fault{404, "Could not find task x", ""})
	if a := r.tasks(t, "boss", "DELETE", "/"+id, ""); a.status != 405 || a.header.Get("Allow") != "GET" {
		t.Errorf("got %+v", a)
	}
}
