package keystone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// errRefused means that a token proves nothing.
var errRefused = errors.New("the identity service does not know the token")

// validate asks the identity service about a token and gives its description.
// The error is errRefused or of kind Unavailable.
func (f *Filter) validate(ctx context.Context, raw string, expiredToo bool) (body []byte, t *token, err error) {
	for tries := 2; tries > 0; tries-- {
		own, err := f.session.token(ctx)
		if err != nil {
			return nil, nil, err
		}
		answer, err := f.ask(ctx, own, raw, expiredToo)
		switch {
		case err != nil:
			return nil, nil, err
		case answer.status == http.StatusUnauthorized:
			f.session.drop(own) // revoked, or the service has new keys
			continue
		case answer.status == http.StatusNotFound && saysNotFound(answer.body):
			return nil, nil, errRefused
		case answer.status != http.StatusOK:
			return nil, nil, unavailable(fmt.Errorf("the identity service answers %d when asked about a token", answer.status))
		}
		t, err := parseToken(answer.body)
		if err != nil {
			return nil, nil, unavailable(fmt.Errorf("ask the identity service about a token: %w", err))
		}
		return answer.body, t, nil
	}
	return nil, nil, unavailable(errors.New("the identity service does not accept the service's own token"))
}

func (f *Filter) ask(ctx context.Context, own *ownToken, raw string, expiredToo bool) (*reply, error) {
	query := ""
	add := func(s string) {
		if query != "" {
			query += "&"
		}
		query += s
	}
	if !f.conf.Catalog {
		add("nocatalog")
	}
	if expiredToo {
		add("allow_expired=1")
	}
	at := f.session.endpoint(ctx, own) + "/auth/tokens"
	if query != "" {
		at += "?" + query
	}
	return f.client.do(ctx, http.MethodGet, at, http.Header{
		"X-Auth-Token":    {own.id},
		"X-Subject-Token": {raw},
		// Without it tokens with access rules are not known: we promise to keep to them.
		"Openstack-Identity-Access-Rules": {"1"},
	}, nil)
}

// saysNotFound tells the 404 of the identity service from that of something in
// front of it, which knows nothing of tokens.
func saysNotFound(body []byte) bool {
	var answer struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	return json.Unmarshal(body, &answer) == nil && answer.Error.Code == http.StatusNotFound
}
