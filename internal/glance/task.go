package glance

import (
	"encoding/json"
	"time"
)

// Task is one piece of work in the background.
type Task struct {
	ID        string
	Type      string // import, api_image_import, location_import
	Status    TaskStatus
	Owner     string // a project; empty is null
	ImageID   string // empty is null
	RequestID string // empty is null
	UserID    string // empty is null
	Input     json.RawMessage
	Result    json.RawMessage
	Message   string
	ExpiresAt time.Time // zero is null
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time // zero while the task lives
	Deleted   bool
}

// TaskStatus says how far a task is.
type TaskStatus string

// The statuses of a task.
const (
	TaskPending    TaskStatus = "pending"
	TaskProcessing TaskStatus = "processing"
	TaskSuccess    TaskStatus = "success"
	TaskFailure    TaskStatus = "failure"
)
