package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// maxRequest bounds a request, in bytes: an image with its properties at their
// largest has some 8 MiB.
const maxRequest = 64 << 20

// call is one command being run.
type call struct {
	*Door
	caller glance.Caller
	args   wire.Values // kwargs
	exact  wire.Exact
	raw    json.RawMessage // the command as it came
}

// command runs a call; its result is written as JSON.
type command func(ctx context.Context, c *call) (any, error)

// commands is the table of everything that may be called.
func commands() map[string]command {
	table := map[string]command{
		"image_create": imageCreate, "image_update": imageUpdate, "image_destroy": imageDestroy, "image_get": imageGet,
		"image_get_all": imageGetAll, "image_restore": imageRestore,
		"image_property_create": propertyCreate, "image_property_delete": propertyDelete,
		"image_set_property_atomic": lock, "image_delete_property_atomic": unlock,
		"image_tag_set_all": tagSetAll, "image_tag_create": tagCreate, "image_tag_delete": tagDelete, "image_tag_get_all": tagGetAll,
		"image_location_add": locationAdd, "image_location_update": locationUpdate, "image_location_delete": locationDelete,
		"image_member_create": memberCreate, "image_member_update": memberUpdate, "image_member_delete": memberDelete,
		"image_member_find": memberFind, "image_member_count": memberCount,
		"user_get_storage_usage": storageUsage, "user_get_staging_usage": tally(metadata.StagedBytes),
		"user_get_image_count": tally(metadata.ImageCount), "user_get_uploading_count": tally(metadata.UploadingImages),
		"task_create": taskCreate, "task_update": taskUpdate, "task_get": taskGet, "task_get_all": taskGetAll, "task_delete": taskDelete,
	}
	maps.Copy(table, metadefCommands())
	return table
}

// rpc is POST /rpc: a list of commands, answered by a list of results. They are
// run in order, each for itself.
func (d *Door) rpc(known map[string]command) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error { return d.answer(w, r, known) }
}

func (d *Door) answer(w http.ResponseWriter, r *http.Request, known map[string]command) error {
	list, err := readRequest(r)
	if err != nil {
		return err
	}
	caller := api.CallerFrom(r.Context())
	results := make([]any, 0, len(list))
	for _, item := range list {
		run, c, err := d.readCommand(known, item)
		if err != nil {
			return err
		}
		c.caller = caller
		result, err := run(r.Context(), c)
		if err != nil {
			if result, err = d.failure(r.Context(), err); err != nil {
				return err
			}
		}
		results = append(results, result)
	}
	w.Header().Set(wire.ExactHeader, "true")
	return writeJSON(w, results)
}

// readRequest reads a list that may be larger than the JSON of an API.
func readRequest(r *http.Request) ([]json.RawMessage, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRequest {
		return nil, &glance.Error{Kind: glance.TooLarge}
	}
	var list []json.RawMessage
	switch err := json.Unmarshal(text, &list); {
	case !json.Valid(text):
		return nil, bad("Malformed JSON in request body.")
	case err != nil, list == nil:
		return nil, bad("Request must be a list of commands")
	}
	return list, nil
}

func (d *Door) readCommand(known map[string]command, text json.RawMessage) (command, *call, error) {
	var item any
	if err := reread(text, &item); err != nil {
		return nil, nil, err // cannot be: it is valid
	}
	object, ok := item.(map[string]any)
	if !ok {
		return nil, nil, bad("Bad Command: %s", printed(text))
	}
	name, nameOK := object["command"].(string)
	kwargs, kwargsOK := object["kwargs"].(map[string]any)
	if !nameOK || name == "" || !kwargsOK && truth(object["kwargs"]) {
		return nil, nil, bad("Wrong command structure: %s", printed(text))
	}
	run, ok := known[name]
	if !ok {
		return nil, nil, glance.Errorf(glance.NotFound, "Command not found")
	}
	c := &call{Door: d, args: kwargs, raw: text}
	var beside struct{ Exact wire.Exact }
	if err := reread(text, &beside); err != nil {
		return nil, nil, bad("Wrong command structure: %s", printed(text))
	}
	c.exact = beside.Exact
	return run, c, nil
}

// reread decodes a command, with numbers as they stand.
func reread(text json.RawMessage, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(to)
}

// printed shows what cannot be understood, cut short.
func printed(text json.RawMessage) string {
	return strings.ToValidUTF8(string(text[:min(len(text), 200)]), "")
}

// failure makes the result of a command that failed. What is nobody's fault
// here fails the whole request instead.
func (d *Door) failure(ctx context.Context, err error) (any, error) {
	if errors.Is(err, glance.Unavailable) || ctx.Err() != nil {
		return nil, err
	}
	fault := &wire.Fault{Class: classOf(err)}
	var known *glance.Error
	switch {
	case fault.Class == wire.ClassRPCError:
		d.Log.ErrorContext(ctx, "a command of the registry failed", "error", err)
		fault.Text = "An unknown exception occurred."
	case errors.As(err, &known) && known.Message != "":
		fault.Text = known.Message
	default:
		fault.Text = glance.KindOf(err).Error()
	}
	if !slices.Contains(d.Modules, wire.ExceptionModule) && fault.Class != wire.ClassRPCError {
		// Compat: classes that callers are not told by name stand in the text.
		fault.Text = fault.Class + " exception was raised in the last rpc call: " + fault.Text
		fault.Class = wire.ClassRPCError
	}
	return wire.Failure{Error: fault}, nil
}

// classed is an error with an exception that its kind does not tell.
type classed struct {
	error
	class string
}

func (c *classed) Unwrap() error { return c.error }

// as gives err, if it is of the kind and has none yet, an exception.
func as(err error, k glance.Kind, class string) error {
	var c *classed
	if errors.Is(err, k) && !errors.As(err, &c) {
		return &classed{err, class}
	}
	return err
}

func classOf(err error) string {
	var c *classed
	switch {
	case errors.As(err, &c):
		return c.class
	case errors.Is(err, errNotMinePublic):
		return wire.ClassForbiddenPublic
	}
	switch glance.KindOf(err) {
	case glance.NotFound:
		return wire.ClassNotFound
	case glance.Conflict:
		return wire.ClassConflict
	case glance.Forbidden:
		return wire.ClassForbidden
	case glance.Unauthenticated:
		return wire.ClassNotAuthenticated
	case glance.Invalid:
		return wire.ClassInvalid
	case glance.TooLarge:
		return wire.ClassLimitExceeded
	}
	return wire.ClassRPCError
}

// scope is whose eyes a call looks with. Administrators may look with others';
// everybody else asks for deleted rows at most.
func (c *call) scope(deleted bool) metadata.Scope {
	sc := metadata.ScopeOf(c.caller)
	sc.Deleted = deleted || sc.Admin
	if asked := c.exact.Scope; asked != nil {
		sc.Deleted = asked.Deleted
		if c.caller.Admin {
			sc.Admin, sc.Project = asked.Admin, asked.Project
		}
	}
	return sc
}

// writes fails for callers who may only read.
func (c *call) writes() error {
	if c.caller.ReadOnly {
		return glance.Errorf(glance.Forbidden, "Read-only access")
	}
	return nil
}

// text is an argument that must be a text.
func (c *call) text(name string) (string, error) {
	s, ok := c.args[name].(string)
	if !ok {
		return "", bad("%s is missing.", name)
	}
	return s, nil
}

// values is an argument that must be an object.
func (c *call) values(name string) (wire.Values, error) {
	object, ok := c.args[name].(map[string]any)
	if !ok {
		return nil, bad("%s is missing.", name)
	}
	return object, nil
}
