package keystone

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unique"
)

// errNonsense is an answer that no identity service gives. It does not say what
// the answer was: it may hold a token.
var errNonsense = errors.New("its answer makes no sense")

// document is what is read of a token that the identity API describes.
type document struct {
	Token struct {
		ExpiresAt string `json:"expires_at"`
		User      struct {
			named
			Domain named `json:"domain"`
		} `json:"user"`
		Project struct {
			named
			Domain named `json:"domain"`
		} `json:"project"`
		Domain named `json:"domain"`
		System struct {
			All bool `json:"all"`
		} `json:"system"`
		Roles          []named `json:"roles"`
		IsAdminProject *bool   `json:"is_admin_project"`
		Catalog        catalog `json:"catalog"`
		AppCred        struct {
			Rules *[]struct {
				Service string `json:"service"`
				Method  string `json:"method"`
				Path    string `json:"path"`
			} `json:"access_rules"`
		} `json:"application_credential"`
	} `json:"token"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// token is what a valid token proves, ready to be put into requests.
type token struct {
	expires time.Time
	roles   []string
	user    []field // headers when it is the user's
	service []field // headers when it comes along as service token
	rules   *accessRules
}

// parseToken reads a description. The error is errNonsense.
func parseToken(body []byte) (*token, error) {
	var doc document
	if json.Unmarshal(body, &doc) != nil {
		return nil, errNonsense
	}
	d := &doc.Token
	expires, ok := parseTime(d.ExpiresAt)
	if !ok || d.User.ID == "" {
		return nil, errNonsense
	}
	t := &token{expires: expires, user: userFields(&doc)}
	for _, r := range d.Roles {
		t.roles = append(t.roles, r.Name)
	}
	t.service = serviceFields(&doc)
	if d.AppCred.Rules != nil {
		t.rules = &accessRules{services: d.Catalog.types()}
		for _, r := range *d.AppCred.Rules {
			t.rules.add(r.Service, r.Method, r.Path)
		}
	}
	return t, nil
}

func (t *token) expired() bool { return !time.Now().Before(t.expires) }

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// catalog is the list of services in a token.
type catalog []struct {
	Type      string  `json:"type"`
	Name      *string `json:"name"`
	Endpoints []struct {
		Region    string `json:"region"`
		RegionID  string `json:"region_id"`
		Interface string `json:"interface"`
		URL       string `json:"url"`
	} `json:"endpoints"`
}

func (c catalog) types() []string {
	var all []string
	for _, s := range c {
		all = append(all, s.Type)
	}
	return all
}

// header is the catalog in the layout of the identity API v2, with one object
// per region: what X-Service-Catalog has always been. Tokens of many projects
// share one string when their catalogs are the same.
func (c catalog) header() string {
	type service struct {
		Type      string              `json:"type"`
		Name      *string             `json:"name,omitempty"`
		Endpoints []map[string]string `json:"endpoints"`
	}
	services := make([]service, 0, len(c))
	for _, s := range c {
		out := service{Type: s.Type, Name: s.Name, Endpoints: []map[string]string{}}
		regions := map[string]map[string]string{}
		for _, e := range s.Endpoints {
			region, ok := regions[e.Region]
			if !ok {
				region = map[string]string{}
				if e.Region != "" {
					region["region"] = e.Region
				}
				regions[e.Region] = region
				out.Endpoints = append(out.Endpoints, region)
			}
			region[strings.ToLower(e.Interface)+"URL"] = e.URL
		}
		services = append(services, out)
	}
	text, err := json.Marshal(services)
	if err != nil {
		return "[]" // strings always can
	}
	return unique.Make(string(text)).Value()
}
