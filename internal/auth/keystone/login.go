package keystone

import (
	"cmp"
	"encoding/json"
)

// request is the body that asks for a token with these credentials.
func (c *Credentials) request() ([]byte, error) {
	auth := map[string]any{"identity": c.identity()}
	if scope := c.scope(); scope != nil {
		auth["scope"] = scope
	}
	return json.Marshal(map[string]any{"auth": auth})
}

type object = map[string]any

func (c *Credentials) identity() object {
	method := c.method()
	how := object{}
	switch {
	case method == methodPassword:
		user := c.user()
		user["password"] = c.Password
		how["user"] = user
	case c.AppCredID != "":
		how["id"], how["secret"] = c.AppCredID, c.AppCredSecret
	default:
		how["name"], how["secret"], how["user"] = c.AppCredName, c.AppCredSecret, c.user()
	}
	return object{"methods": []string{method}, method: how}
}

func (c *Credentials) user() object {
	if c.UserID != "" {
		return object{"id": c.UserID}
	}
	return object{"name": c.Username, "domain": c.domain(c.UserDomainID, c.UserDomainName)}
}

// domain is one of the given id or name. Files from before domains existed name
// none; their users and projects live in the domain with the id default now.
func (c *Credentials) domain(id, name string) object {
	id, name = cmp.Or(id, c.DefaultDomainID), cmp.Or(name, c.DefaultDomain)
	if id == "" && name != "" {
		return object{"name": name}
	}
	return object{"id": cmp.Or(id, "default")}
}

// scope is nil for a token without one. An application credential brings its
// own.
func (c *Credentials) scope() object {
	switch {
	case c.method() == methodAppCred:
		return nil
	case c.DomainID != "":
		return object{"domain": object{"id": c.DomainID}}
	case c.DomainName != "":
		return object{"domain": object{"name": c.DomainName}}
	case c.ProjectID != "":
		return object{"project": object{"id": c.ProjectID}}
	case c.ProjectName != "":
		return object{"project": object{"name": c.ProjectName, "domain": c.domain(c.ProjDomainID, c.ProjDomainName)}}
	case c.TrustID != "":
		return object{"OS-TRUST:trust": object{"id": c.TrustID}}
	case c.SystemScope == "all":
		return object{"system": object{"all": true}}
	}
	return nil
}
