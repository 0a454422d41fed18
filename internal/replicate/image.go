package replicate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Image is an image as the Images API v2 describes it; numbers are json.Number.
type Image map[string]any

// settable are the attributes that a client may give an image; everything else
// that the API has a name for is the server's.
var settable = []string{
	"name", "visibility", "protected", "os_hidden", "owner", "container_format", "disk_format", "min_disk", "min_ram", "tags",
}

// servers are the attributes that are not copied: each server has its own.
var servers = []string{
	"id", "status", "checksum", "size", "virtual_size", "os_hash_algo", "os_hash_value", "created_at", "updated_at",
	"deleted", "deleted_at", "location", "locations", "direct_url", "self", "file", "schema", "stores",
}

// places are attributes that say where something is, which differs between
// servers that hold the same image.
var places = []string{"locations", "direct_url", "self", "file", "schema", "stores"}

func (i Image) text(key string) string {
	text, _ := i[key].(string)
	return text
}

func (i Image) id() string     { return i.text("id") }
func (i Image) status() string { return i.text("status") }

// name is for messages.
func (i Image) name() string { return cmp.Or(i.text("name"), "--unnamed--") }

// size is 0 where there is no data.
func (i Image) size() int64 {
	number, _ := i["size"].(json.Number)
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return n
}

// without is a copy that lacks some keys.
func (i Image) without(keys ...[]string) Image {
	out := maps.Clone(i)
	for _, list := range keys {
		for _, key := range list {
			delete(out, key)
		}
	}
	return out
}

// copied are the attributes that a copy gets: no null ones, which it has anyway.
func (i Image) copied(skip []string) Image {
	out := i.without(servers, skip)
	maps.DeleteFunc(out, func(key string, value any) bool { return value == nil || strings.HasPrefix(key, "os_glance") })
	return out
}

// operation is one of a patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// patch makes of a copy what the source's is. What only the copy has stays.
func (i Image) patch(dest Image, skip []string) []operation {
	var list []operation
	wanted := i.copied(skip)
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		have, there := dest[key]
		if there && same(wanted[key], have) {
			continue
		}
		op := operation{Op: "replace", Path: "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key), Value: wanted[key]}
		if !there && !slices.Contains(settable, key) {
			op.Op = "add"
		}
		list = append(list, op)
	}
	return list
}

// same compares two values; lists (tags) have no order.
func same(a, b any) bool {
	x, isList := a.([]any)
	y, both := b.([]any)
	if !isList || !both {
		return reflect.DeepEqual(a, b)
	}
	sorted := func(list []any) []string {
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = fmt.Sprint(v)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(sorted(x), sorted(y))
}

// pythonText is a value as the original prints it.
func pythonText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = "'" + fmt.Sprint(item) + "'"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// olderDescription makes a description of today of one that the original's
// replicator has dumped over the API v1. It knew no shared images, and its
// properties were apart.
func olderDescription(i Image) Image {
	public, old := i["is_public"]
	properties, nested := i["properties"].(map[string]any)
	if !old || !nested {
		return i
	}
	out := i.without([]string{"is_public", "properties", "deleted", "deleted_at"})
	out["visibility"] = "private"
	if public == true {
		out["visibility"] = "public"
	}
	for key, value := range properties {
		if value != nil {
			out[key] = fmt.Sprint(value)
		}
	}
	return out
}
