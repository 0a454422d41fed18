package policy

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"glance/internal/rules"
)

// Post sends a body to a URL and gives the answer's body. It bounds time and
// size itself.
type Post func(ctx context.Context, url, contentType string, body []byte) ([]byte, error)

// remote makes http: and https: checks of post. The server gets the rule, the
// target and the credentials, and answers True. A nil post is no remote.
func remote(post Post, asJSON bool) rules.Remote {
	if post == nil {
		return nil
	}
	return func(ctx context.Context, url, rule string, t rules.Target, c rules.Credentials) (bool, error) {
		contentType, encode := "application/x-www-form-urlencoded", encodeForm
		if asJSON {
			contentType, encode = "application/json", json.Marshal
		}
		body, err := encode(map[string]any{"rule": rule, "target": targetJSON(t), "credentials": credentialsJSON(c)})
		if err != nil {
			return false, err
		}
		answer, err := post(ctx, url, contentType, body)
		return strings.Trim(string(answer), `"`) == "True" && err == nil, err
	}
}

// encodeForm makes a form of a map whose values are JSON texts.
func encodeForm(v any) ([]byte, error) {
	form := url.Values{}
	fields, _ := v.(map[string]any)
	for name, value := range fields {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		form.Set(name, string(text))
	}
	return []byte(form.Encode()), nil
}

// textual are the attributes of targets that are sent as rules see them.
var textual = []string{
	"project_id", "owner", "visibility", "member_id", "id", "status", "name", "container_format", "disk_format",
	"checksum", "os_hash_algo", "os_hash_value", "created_at", "updated_at",
	"user_id", "user_name", "project_name", "domain_id", "user_domain_id", "project_domain_id", "system_scope", "request_id",
}

func targetJSON(t rules.Target) map[string]any {
	out := map[string]any{}
	image, isImage := t.(*imageTarget)
	if isImage {
		for _, p := range image.img.Properties {
			out[p.Name] = p.Value
			if p.Null {
				out[p.Name] = nil
			}
		}
	}
	for _, name := range textual {
		delete(out, name)
		text, ok := t.Text(name)
		switch {
		case !ok:
		case text == null:
			out[name] = nil
		default:
			out[name] = text
		}
	}
	if isImage {
		img := image.img
		out["size"], out["virtual_size"] = img.Size, img.VirtualSize
		out["min_disk"], out["min_ram"] = img.MinDisk, img.MinRAM
		out["protected"], out["os_hidden"] = img.Protected, img.Hidden
		out["tags"] = img.Tags
	}
	return out
}

func credentialsJSON(c rules.Credentials) map[string]any {
	out := map[string]any{}
	who, ok := c.(*credentials)
	if !ok {
		return out
	}
	for _, name := range []string{
		"user_id", "user_domain_id", "system_scope", "domain_id", "project_id", "project_domain_id",
		"service_user_id", "service_user_domain_id", "service_project_id", "service_project_domain_id",
	} {
		out[name] = nil
		if value, _ := who.attribute(name); value != "" {
			out[name] = value
		}
	}
	out["roles"], out["service_roles"] = who.Roles, who.ServiceRoles
	out["is_admin_project"] = !who.NotAdminProject
	if who.SystemScope != "" {
		out["system"] = who.SystemScope
	}
	return out
}
