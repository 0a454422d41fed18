package golden

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A quirk is a step at which the original's answer is an accident, with the check of the answer that is expected of us.
type quirk struct {
	check func(s *Step, got *answer, b Bindings) error
	// undo, where set, takes back what the step did with us but not with the original.
	undo *Request
}

// quirks says for every step marked quirk, by scenario and number, what is expected instead of the recording.
var quirks = map[string]map[int]quirk{
	"delete-delayed":         {15: {check: status(204)}},
	"download-http-location": {3: {check: status(206, 400)}}, // a store may know ranges that the original's does not
	"download-range-1":       {9: {check: status(416)}},
	"errors-request-id":      {8: {check: status(431)}},
	"import-body-errors":     {13: {check: status(400)}, 14: {check: status(400)}},
	"metadefs-namespace-list": {
		22: {check: status(400)}, 23: {check: status(400)},
	},
	"metadefs-objects-basic": {10: {check: status(409)}},
	"metadefs-properties-basic": {
		3:  {check: status(201, 400), undo: adminRequest("DELETE", "/v2/metadefs/namespaces/pr/properties/ints")},
		12: {check: status(409)},
	},
	"metadefs-properties-prefix": {12: {check: status(200)}}, // the key is ignored
	"policy-create":              {8: {check: status(201, 403)}},
	"routing-json-bodies":        {9: {check: status(201)}, 12: {check: status(400)}},

	// Links keep all values of a repeated parameter, in the order of first appearance.
	"list-filter-tags":        {7: {check: first("/v2/images?tag=x&tag=y")}},
	"list-filter-times-range": {4: {check: first("/v2/images?created_at=gte%3A{any}&created_at=lt%3A2001-01-01T00%3A00%3A00Z")}},
	"list-paging-errors":      {18: {check: first("/v2/images?limit=2&limit=0")}},
	"list-sort": {
		15: {check: first("/v2/images?sort_key=name&sort_key=id&sort_dir=asc")},
		16: {check: first("/v2/images?sort_key=name&sort_key=created_at&sort_dir=asc&sort_dir=desc")},
	},
	// Here there are no links, and the answer is as recorded.
	"list-sort-errors": {6: {check: asRecorded}, 7: {check: asRecorded}},

	// Refused data leaves no checksum, hash or location behind.
	"formats-01":    each(forgotten, 14),
	"formats-03":    each(forgotten, 11, 14),
	"formats-05":    each(forgotten, 5, 8, 14),
	"formats-06":    each(forgotten, 2, 5, 11),
	"formats-08":    each(forgotten, 2, 5, 14),
	"formats-10":    each(forgotten, 2, 11),
	"formats-11":    each(forgotten, 2, 8),
	"formats-lax-1": each(forgotten, 5, 11, 17),
	"formats-lax-2": each(forgotten, 11),
}

func each(q quirk, steps ...int) map[int]quirk {
	m := map[int]quirk{}
	for _, i := range steps {
		m[i] = q
	}
	return m
}

// status wants one of these; the text is ours to choose.
func status(accepted ...int) func(*Step, *answer, Bindings) error {
	return func(_ *Step, got *answer, _ Bindings) error {
		if got.died {
			return &Mismatch{"connection", fmt.Sprint("a status of ", accepted), "closed without an answer"}
		}
		if !slices.Contains(accepted, got.status) {
			return &Mismatch{"status", fmt.Sprint("one of ", accepted), fmt.Sprintf("%d: %.300s", got.status, got.body)}
		}
		return nil
	}
}

func asRecorded(s *Step, got *answer, b Bindings) error { return compare(s, got, b) }

// first is the recorded answer with another link to the first page.
func first(link string) func(*Step, *answer, Bindings) error {
	return withFields(func(body map[string]any) { body["first"] = link })
}

var forgotten = quirk{check: withFields(func(body map[string]any) {
	for _, field := range []string{"checksum", "os_hash_algo", "os_hash_value"} {
		body[field] = nil
	}
	if _, ok := body["locations"]; ok {
		body["locations"] = []any{}
	}
	delete(body, "direct_url")
})}

// withFields compares with the recorded answer after a change to its body.
func withFields(change func(body map[string]any)) func(*Step, *answer, Bindings) error {
	return func(s *Step, got *answer, b Bindings) error {
		recorded, err := parseJSON(s.Response.Body)
		body, ok := recorded.(map[string]any)
		if err != nil || !ok {
			return fmt.Errorf("the recorded body is no JSON object: %w", err)
		}
		change(body)
		changed := *s
		changed.Response.Body = json.RawMessage(show(body))
		return compare(&changed, got, b)
	}
}
