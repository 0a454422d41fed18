package metadatatest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func taskTests() []test {
	return []test{
		{"every field is kept", everyTaskFieldIsKept},
		{"a task without anything", bareTask},
		{"an id is used once", aTaskIDIsUsedOnce},
		{"who sees a task", whoSeesATask},
		{"update", updateTask},
		{"tasks of an image", tasksOfAnImage},
		{"a page of tasks", pageOfTasks},
	}
}

func task(n int) *glance.Task {
	return &glance.Task{
		ID: id(n), Type: "api_image_import", Status: glance.TaskPending, Owner: "owner", ImageID: id(100), RequestID: "req-1",
		UserID: "user", Input: json.RawMessage(`{"image_id": "x", "backend": [null]}`), Result: json.RawMessage(`{"n": 1.0}`),
		Message: "Copied 0 MiB", ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		CreatedAt: time.Date(2020, 1, 1, 0, 0, n, 1000, time.UTC), UpdatedAt: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
	}
}

func createTasks(t *testing.T, s metadata.Store, tasks ...*glance.Task) {
	t.Helper()
	for _, one := range tasks {
		if err := s.CreateTask(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
}

func everyTaskFieldIsKept(t *testing.T, s metadata.Store) {
	one := task(1)
	createTasks(t, s, one, task(2))
	if want := engineOf(s).stored(task(1).CreatedAt); !one.CreatedAt.Equal(want) {
		t.Errorf("created at %v, want %v", one.CreatedAt, want)
	}
	got, err := s.Task(t.Context(), anything(), id(1))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "task", got, one)
}

func bareTask(t *testing.T, s metadata.Store) {
	createTasks(t, s, &glance.Task{ID: id(1), Type: "import", Status: glance.TaskPending})
	got, err := s.Task(t.Context(), metadata.Scope{}, id(1))
	if err != nil {
		t.Fatal(err)
	}
	if got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() || !got.ExpiresAt.IsZero() || got.Input != nil || got.Result != nil || got.ImageID != "" {
		t.Errorf("task: %s", show(got))
	}
}

func aTaskIDIsUsedOnce(t *testing.T, s metadata.Store) {
	createTasks(t, s, task(1))
	wants(t, s.CreateTask(t.Context(), task(1)), glance.Conflict, "")
}

func whoSeesATask(t *testing.T, s metadata.Store) {
	orphan := task(2)
	orphan.Owner = ""
	createTasks(t, s, task(1), orphan)
	for _, tt := range []struct {
		sc   metadata.Scope
		n    int
		want bool
	}{
		{metadata.Scope{Admin: true}, 1, true},
		{metadata.Scope{Project: "owner"}, 1, true},
		{metadata.Scope{Project: "other"}, 1, false},
		{metadata.Scope{}, 1, false},
		{metadata.Scope{Project: "other"}, 2, true},
		{metadata.Scope{}, 2, true},
		{metadata.Scope{Admin: true}, 3, false},
	} {
		_, err := s.Task(t.Context(), tt.sc, id(tt.n))
		if tt.want && err != nil {
			t.Errorf("task %d, scope %+v: %v", tt.n, tt.sc, err)
		}
		if !tt.want {
			wants(t, err, glance.NotFound, "No task found with ID "+id(tt.n))
		}
	}
}

func updateTask(t *testing.T, s metadata.Store) {
	createTasks(t, s, task(1))
	got, err := s.UpdateTask(t.Context(), anything(), id(1), func(one *glance.Task) error {
		one.Status, one.Message, one.Result = glance.TaskFailure, "Expired lock preempted", nil
		one.Input = json.RawMessage(`{"k": "v"}`)
		one.ExpiresAt, one.CreatedAt, one.ID = time.Time{}, time.Time{}, id(2)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := task(1)
	want.CreatedAt = engineOf(s).stored(want.CreatedAt)
	want.Status, want.Message, want.Result, want.ExpiresAt = glance.TaskFailure, "Expired lock preempted", nil, time.Time{}
	want.Input, want.UpdatedAt = json.RawMessage(`{"k": "v"}`), got.UpdatedAt
	same(t, "returned", got, want)
	mine := errors.New("mine")
	for stop, want := range map[error]error{metadata.ErrUnchanged: nil, mine: mine} {
		_, err := s.UpdateTask(t.Context(), anything(), id(1), func(one *glance.Task) error {
			one.Message = "changed"
			return stop
		})
		if !errors.Is(err, want) {
			t.Errorf("%v: error %v", stop, err)
		}
	}
	stored, err := s.Task(t.Context(), anything(), id(1))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "stored", stored, want)
	_, err = s.UpdateTask(t.Context(), metadata.Scope{Project: "other"}, id(1), func(*glance.Task) error { return nil })
	wants(t, err, glance.NotFound, "No task found with ID "+id(1))
}

func tasksOfAnImage(t *testing.T, s metadata.Store) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	expired, foreign, forever, gone, elsewhere := task(2), task(3), task(4), task(5), task(6)
	expired.ExpiresAt, foreign.Owner, forever.ExpiresAt, elsewhere.ImageID = at, "other", time.Time{}, id(101)
	createTasks(t, s, elsewhere, gone, forever, foreign, expired, task(1))
	got, err := s.UpdateTask(t.Context(), anything(), id(5), func(one *glance.Task) error {
		one.Deleted = true
		return nil
	})
	if err != nil || !got.Deleted || got.DeletedAt.IsZero() {
		t.Fatalf("deleted: %s, %v", show(got), err)
	}
	_, err = s.Task(t.Context(), metadata.Everything(), id(5))
	wants(t, err, glance.NotFound, "No task found with ID "+id(5))
	for _, tt := range []struct {
		sc   metadata.Scope
		want []string
	}{
		{metadata.Scope{Admin: true}, []string{id(1), id(3), id(4), id(5)}},
		{metadata.Scope{Project: "owner"}, []string{id(1), id(4)}},
		{metadata.Scope{Project: "other"}, []string{id(3)}},
		{metadata.Scope{}, nil},
	} {
		list, err := s.TasksOf(t.Context(), tt.sc, id(100), at)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, one := range list {
			ids = append(ids, one.ID)
		}
		same(t, "tasks", ids, tt.want)
	}
}

// pageOfTasks reads what there is page by page, by every key in both directions.
func pageOfTasks(t *testing.T, s metadata.Store) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	expired, foreign, forever, gone, orphan := task(2), task(3), task(4), task(5), task(6)
	expired.ExpiresAt, foreign.Owner, orphan.Owner = now, "other", ""
	forever.ExpiresAt, forever.CreatedAt, forever.Status = time.Time{}, task(1).CreatedAt, glance.TaskSuccess
	orphan.Type = "import"
	createTasks(t, s, orphan, gone, forever, foreign, expired, task(1))
	if _, err := s.UpdateTask(t.Context(), anything(), id(5), func(one *glance.Task) error {
		one.Deleted = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all, mine := metadata.Scope{Admin: true}, metadata.Scope{Project: "owner"}
	for _, tt := range []struct {
		sc   metadata.Scope
		q    metadata.TaskQuery
		want []string
	}{
		{all, metadata.TaskQuery{SortKey: "id", Ascending: true}, []string{id(1), id(3), id(4), id(6)}},
		{all, metadata.TaskQuery{SortKey: "id"}, []string{id(6), id(4), id(3), id(1)}},
		{mine, metadata.TaskQuery{SortKey: "id"}, []string{id(6), id(4), id(1)}},
		{metadata.Scope{}, metadata.TaskQuery{SortKey: "id"}, []string{id(6)}},
		{all, metadata.TaskQuery{SortKey: "created_at", Ascending: true}, []string{id(1), id(4), id(3), id(6)}},
		{all, metadata.TaskQuery{SortKey: "created_at"}, []string{id(6), id(3), id(4), id(1)}},
		{all, metadata.TaskQuery{SortKey: "status"}, []string{id(4), id(6), id(3), id(1)}},
		{all, metadata.TaskQuery{SortKey: "type", Ascending: true}, []string{id(1), id(4), id(3), id(6)}},
		{all, metadata.TaskQuery{SortKey: "owner", Ascending: true}, []string{id(6), id(3), id(1), id(4)}},
		{all, metadata.TaskQuery{SortKey: "updated_at", Ascending: true}, []string{id(1), id(4), id(3), id(6)}},
		{all, metadata.TaskQuery{SortKey: "expires_at", Ascending: true}, []string{id(4), id(1), id(3), id(6)}},
		{all, metadata.TaskQuery{SortKey: "id", Status: glance.TaskSuccess}, []string{id(4)}},
		{all, metadata.TaskQuery{SortKey: "id", Type: "import"}, []string{id(6)}},
		{all, metadata.TaskQuery{SortKey: "id", Expired: true}, []string{id(2)}},
		{metadata.Scope{Project: "other"}, metadata.TaskQuery{SortKey: "id", Expired: true}, nil},
	} {
		tt.q.Now = now
		for _, limit := range []int{1, 2, 10} {
			q := tt.q
			q.Limit = limit
			same(t, "tasks by "+q.SortKey, tasksByPage(t, s, tt.sc, q), tt.want)
		}
	}
	list, err := s.ListTasks(t.Context(), all, metadata.TaskQuery{SortKey: "id", Now: now, Ascending: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := task(1)
	want.CreatedAt = engineOf(s).stored(want.CreatedAt)
	want.Input, want.Result, want.Message = nil, nil, ""
	same(t, "task", list[0], want)
	_, err = s.ListTasks(t.Context(), all, metadata.TaskQuery{SortKey: "input", Now: now, Limit: 1})
	wants(t, err, glance.Invalid, "")
}

func tasksByPage(t *testing.T, s metadata.Store, sc metadata.Scope, q metadata.TaskQuery) (ids []string) {
	t.Helper()
	for {
		list, err := s.ListTasks(t.Context(), sc, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return ids
		}
		for _, one := range list {
			ids = append(ids, one.ID)
		}
		q.After = list[len(list)-1]
	}
}
