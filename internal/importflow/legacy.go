package importflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"glance/internal/glance"
	"glance/internal/images"
)

// Legacy does the tasks of type import: an image is made of properties and a
// URL (spec import §10.3).
type Legacy struct {
	*Importer
	Editor *images.Editor
	Filter *Filter
	Source Method // of the data, by a URL
	// Read reads the properties of an image as a request to create one has
	// them.
	Read func(properties map[string]any) (images.Creation, error)
	// Steps are done to the file before it is stored.
	Steps []Step
}

// legacyType is the type of the tasks that are made through the API.
const legacyType = "import"

// Create makes a task and begins to do it.
func (b *Board) Create(ctx context.Context, who *glance.Caller, kind string, input json.RawMessage) (*glance.Task, error) {
	if kind == legacyType {
		if err := b.Legacy.check(ctx, input); err != nil {
			return nil, err
		}
	}
	t := &glance.Task{
		ID: images.NewID(), Type: kind, Status: glance.TaskPending, Owner: who.ProjectID, UserID: who.UserID, RequestID: who.RequestID, Input: input,
	}
	l := &legacy{Legacy: b.Legacy, who: *who, task: t.ID, kind: kind, input: input}
	entry := plan{image: t.ID, task: t.ID, method: Web} // there is no image yet
	var err error
	if l.done, err = l.Journal.Begin(entry.entry()); err != nil {
		return nil, err
	}
	if err := b.Tasks.CreateTask(ctx, t); err != nil {
		if !images.Uncertain(err) {
			l.done()
		}
		return nil, err
	}
	shown := *t
	if err := l.Jobs.Start(t.ID, l.run); err != nil {
		l.end(ctx, err)
		return nil, err
	}
	return &shown, nil
}

func (l *Legacy) check(ctx context.Context, input json.RawMessage) error {
	var in struct {
		From any `json:"import_from"`
	}
	_ = json.Unmarshal(input, &in) // the schema has let it pass: it is an object
	uri, ok := in.From.(string)
	u, err := url.Parse(uri)
	switch {
	case !ok || uri == "":
		return glance.Errorf(glance.Invalid, "Invalid location: None")
	case err != nil:
		return Discreet(glance.Errorf(glance.Invalid, "Invalid location: %s", uri), "invalid location")
	case u.Scheme == "file" || u.Scheme == "filesystem":
		return glance.Errorf(glance.Invalid, "File based imports are not allowed. Please use a non-local source of image data.")
	case u.Scheme != "http":
		return glance.Errorf(glance.Invalid,
			"The given uri is not valid. Please specify a valid uri from the following list of supported uri ['http']")
	}
	if _, ok := l.Filter.Admit(ctx, uri); !ok {
		err := glance.Errorf(glance.Invalid, "URI for legacy import task does not pass filtering: %s", uri)
		return Discreet(err, "a URI for a legacy import does not pass filtering")
	}
	return nil
}

// legacy is one task on its way.
type legacy struct {
	*Legacy
	who   glance.Caller
	task  string
	kind  string
	input json.RawMessage
	done  func() // settles the journal
}

func (l *legacy) run(ctx context.Context) {
	if err := l.do(ctx); err != nil {
		l.end(ctx, err)
		return
	}
	l.done() // the import has ended the task
}

// end makes the task a failure.
func (l *legacy) end(ctx context.Context, failure error) {
	l.Log.WarnContext(ctx, "a task failed", "request_id", l.who.RequestID, "task", l.task, "error", failure)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := images.EndTask(ctx, l.Tasks, l.task, "", failure, l.TaskLife); err != nil {
		l.Log.ErrorContext(ctx, "a task is left until the next start", "task", l.task, "error", err)
		return
	}
	l.done()
}

func tell(format string, args ...any) error {
	return images.Tell(glance.Errorf(glance.Invalid, format, args...))
}

// do makes the image and imports its data; the task is that of the import.
func (l *legacy) do(ctx context.Context) error {
	switch {
	case l.kind == taskType:
		return tell("Input to api_image_import task is empty.")
	case l.kind != legacyType:
		return tell("Missing required 'image_id' field")
	}
	var in map[string]any
	if err := json.Unmarshal(l.input, &in); err != nil {
		return err
	}
	for _, key := range []string{"import_from", "import_from_format", "image_properties"} {
		if _, given := in[key]; !given {
			return tell("Input does not contain '%s' field", key)
		}
	}
	properties, ok := in["image_properties"].(map[string]any)
	uri, isText := in["import_from"].(string)
	if !ok || !isText {
		return errors.New("the input is not what it must be")
	}
	img, err := l.create(ctx, properties)
	if err != nil {
		return err
	}
	return l.fill(ctx, img, uri)
}

func (l *legacy) create(ctx context.Context, properties map[string]any) (*glance.Image, error) {
	for key, value := range map[string]string{"disk_format": "qcow2", "container_format": "bare"} {
		if properties[key] == nil {
			properties[key] = value
		}
	}
	want, err := l.Read(properties)
	if err != nil {
		return nil, err
	}
	return l.Editor.Create(ctx, &l.who, want)
}

// fill is the import, under the id of the task that there is.
func (l *legacy) fill(ctx context.Context, img *glance.Image, uri string) error {
	im := *l.Importer
	im.Steps, im.Methods = l.Legacy.Steps, map[string]Method{Web: l.Source}
	j := &job{
		Importer: &im,
		plan:     plan{image: img.ID, task: l.task, method: Web, stores: []string{im.Stores.Default()}, every: true},
		work:     Work{Request: &Request{Method: Web, URI: &uri}, Who: &l.who, Log: im.Log, SizeCap: im.Stager.SizeCap},
	}
	var err error
	if j.done, err = im.Journal.Begin(j.entry()); err != nil {
		return err
	}
	if err := im.Locks.Lock(ctx, img.ID, l.task); err != nil {
		if !images.Uncertain(err) {
			j.done()
		}
		return fmt.Errorf("lock the new image: %w", err)
	}
	j.run(ctx)
	return nil
}
