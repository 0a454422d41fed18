package v2

import "strings"

const (
	memberSchema = `{"name": "member", "properties": {` +
		`"member_id": {"type": "string", "description": "An identifier for the image member (tenantId)"}, ` +
		`"image_id": {"type": "string", "description": "An identifier for the image", "pattern": "` + uuidPattern + `"}, ` +
		`"created_at": {"type": "string", "description": "Date and time of image member creation"}, ` +
		`"updated_at": {"type": "string", "description": "Date and time of last modification of image member"}, ` +
		`"status": {"type": "string", "description": "The status of this image member", "enum": ["pending", "accepted", "rejected"]}, ` +
		`"schema": {"readOnly": true, "type": "string"}}}`

	uuidPattern = `^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$`

	taskHead = `"id": {"description": "An identifier for the task", "pattern": "` + uuidPattern + `", "type": "string"}, ` +
		`"type": {"description": "The type of task represented by this content", "enum": ["import", "api_image_import", "location_import"], "type": "string"}, ` +
		`"status": {"description": "The current status of this task", "enum": ["pending", "processing", "success", "failure"], "type": "string"}, `
	taskInput = `"input": {"description": "The parameters required by task, JSON blob", "type": ["null", "object"]}, ` +
		`"result": {"description": "The result of current task, JSON blob", "type": ["null", "object"]}, `
	taskOwner   = `"owner": {"description": "An identifier for the owner of this task", "type": "string"}, `
	taskMessage = `"message": {"description": "Human-readable informative message only included when appropriate (usually on failure)", "type": "string"}, `
	taskTail    = `"image_id": {"description": "Image associated with the task", "type": "string"}, ` +
		`"request_id": {"description": "Human-readable informative request-id", "type": "string"}, ` +
		`"user_id": {"description": "User associated with the task", "type": "string"}, ` +
		`"expires_at": {"description": "Datetime when this resource would be subject to removal", "type": ["null", "string"]}, ` +
		`"created_at": {"description": "Datetime when this resource was created", "type": "string"}, ` +
		`"updated_at": {"description": "Datetime when this resource was updated", "type": "string"}, ` +
		`"self": {"readOnly": true, "type": "string"}, "schema": {"readOnly": true, "type": "string"}`

	taskSchema = `{"name": "task", "properties": {` + taskHead + taskInput + taskOwner + taskMessage + taskTail + `}}`

	describedBy = `{"rel": "describedby", "href": "{schema}"}`
)

// documents builds everything that /v2/schemas serves about images, members
// and tasks, given the schema of one image (spec schemas-v2).
func documents(image string) map[string][]byte {
	briefTask := strings.NewReplacer(taskInput, "", taskMessage, "").Replace(taskSchema)
	return map[string][]byte{
		"image": []byte(image),
		"images": []byte(`{"name": "images", "properties": {"images": {"type": "array", "items": ` + image + `}, ` +
			`"first": {"type": "string"}, "next": {"type": "string"}, "schema": {"type": "string"}}, ` +
			`"links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, ` + describedBy + `]}`),
		"member":  []byte(memberSchema),
		"members": []byte(collection("members", memberSchema)),
		"task":    []byte(taskSchema),
		"tasks":   []byte(collection("tasks", briefTask)),
	}
}

func collection(name, item string) string {
	return `{"name": "` + name + `", "properties": {"` + name + `": {"type": "array", "items": ` + item + `}, ` +
		`"schema": {"type": "string"}}, "links": [` + describedBy + `]}`
}
