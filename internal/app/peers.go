package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"glance/internal/api"
	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/images"
)

const (
	peerTimeout     = 60 * time.Second // of a whole request
	maxRefusal      = 64 << 10         // bytes of a refusal that are read
	requestIDHeader = "X-Openstack-Request-Id"
)

// refusals are the kinds of the answers in which a node refuses what the user
// wants. Any other failure does not come from the node, or is its own.
var refusals = map[int]glance.Kind{
	http.StatusBadRequest:                  glance.Invalid,
	http.StatusUnauthorized:                glance.Unauthenticated,
	http.StatusForbidden:                   glance.Forbidden,
	http.StatusNotFound:                    glance.NotFound,
	http.StatusConflict:                    glance.Conflict,
	http.StatusGone:                        glance.Gone,
	http.StatusRequestEntityTooLarge:       glance.TooLarge,
	http.StatusUnsupportedMediaType:        glance.UnsupportedMedia,
	http.StatusRequestHeaderFieldsTooLarge: glance.HeaderTooLarge,
}

// peers replays requests on other nodes (spec import §6).
type peers struct{ client http.Client }

var _ images.Peers = peers{}

// newPeers makes a client that keeps no connection: requests are rare. A
// redirect would take the user's token who knows where.
func newPeers(timeout time.Duration) peers {
	return peers{http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       timeout,
	}}
}

// Delete asks a node for DELETE /v2/images/{id}.
func (p peers) Delete(ctx context.Context, host, imageID string, who *glance.Caller) (string, error) {
	return p.ask(ctx, http.MethodDelete, imageURL(host, imageID), asCaller(who), nil)
}

// Import asks a node for POST /v2/images/{id}/import.
func (p peers) Import(ctx context.Context, host, imageID string, who *glance.Caller, body []byte, inStore *string) (string, error) {
	h := asCaller(who)
	h.Set("Content-Type", "application/json")
	if inStore != nil {
		h.Set("X-Image-Meta-Store", *inStore)
	}
	return p.ask(ctx, http.MethodPost, imageURL(host, imageID)+"/import", h, body)
}

// imageURL is the URL of an image below that of a node. The original appends the
// path that its client asked for, which has the prefix of a mount twice when the
// node's URL has it too.
func imageURL(host, imageID string) string {
	return strings.TrimRight(host, "/") + "/v2/images/" + url.PathEscape(imageID)
}

func (p peers) ask(ctx context.Context, method, target string, h http.Header, body []byte) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return "", stageHostDown(glance.BadGateway, err)
	}
	r.Header = h
	answer, err := p.client.Do(r)
	if err != nil {
		return "", unanswered(ctx, err)
	}
	defer answer.Body.Close()
	id := answer.Header.Get(requestIDHeader)
	if answer.StatusCode/100 == 2 {
		return id, nil
	}
	err = refusal(answer)
	if id != "" {
		err = api.WithHeader(err, requestIDHeader, id)
	}
	return "", err
}

// asCaller gives the headers of a request in the name of a caller: the token
// for a node that checks it, and the identity, which such a node ignores, for
// one behind a server that has checked it.
func asCaller(who *glance.Caller) http.Header {
	h := http.Header{"Accept": {"application/json"}, v2.ReplayedHeader: {"1"}, "X-Identity-Status": {"Confirmed"}}
	if who.NotAdminProject {
		h.Set("X-Is-Admin-Project", "False")
	}
	for name, value := range map[string]string{
		"X-Auth-Token":                who.Token,
		requestIDHeader:               who.RequestID,
		"X-User-Id":                   who.UserID,
		"X-User-Name":                 who.UserName,
		"X-User-Domain-Id":            who.UserDomainID,
		"X-Project-Id":                who.ProjectID,
		"X-Project-Name":              who.ProjectName,
		"X-Project-Domain-Id":         who.ProjectDomainID,
		"X-Domain-Id":                 who.DomainID,
		"Openstack-System-Scope":      who.SystemScope,
		"X-Roles":                     strings.Join(who.Roles, ","),
		"X-Service-User-Id":           who.ServiceUserID,
		"X-Service-User-Domain-Id":    who.ServiceUserDomainID,
		"X-Service-Project-Id":        who.ServiceProjectID,
		"X-Service-Project-Domain-Id": who.ServiceProjectDomainID,
		"X-Service-Roles":             strings.Join(who.ServiceRoles, ","),
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return h
}

// unanswered is the error of a request without an answer.
func unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var broken *net.OpError
	var slow interface{ Timeout() bool }
	if errors.As(err, &broken) || errors.As(err, &slow) && slow.Timeout() {
		return stageHostDown(glance.GatewayTimeout, err)
	}
	return stageHostDown(glance.BadGateway, err)
}

func stageHostDown(k glance.Kind, cause error) error {
	return glance.Because(k, cause, "Stage host is unavailable")
}

// refusal is the error of an answer that is none of success, in the words of the
// node when it is a refusal.
func refusal(answer *http.Response) error {
	kind, refused := refusals[answer.StatusCode]
	if !refused {
		return stageHostDown(glance.BadGateway, fmt.Errorf("the answer is %s", answer.Status))
	}
	var doc struct{ Message string }
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxRefusal))
	if err != nil || json.Unmarshal(text, &doc) != nil {
		doc.Message = "" // the status says enough
	}
	explanation, detail, _ := strings.Cut(doc.Message, "<br /><br />")
	return &glance.Error{Kind: kind, Message: strings.TrimSpace(explanation), Detail: strings.TrimSpace(detail)}
}
