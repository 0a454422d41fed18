package images

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"glance/internal/glance"
)

// Peers are the other nodes of the installation. One that keeps something for
// an image on its own disk is asked to do itself what a user wants (spec import
// §6).
type Peers interface {
	// Delete has the node at the URL host delete an image, as the caller, who
	// may write. requestID is that of the node's answer, "" when it has none.
	//
	// The node's refusal is an error with its kind and text. When the node
	// cannot be asked, or answers what no node says of its own will, the error
	// is GatewayTimeout or BadGateway; nobody knows then what it has done. The
	// end of ctx is the error of ctx.
	Delete(ctx context.Context, host, imageID string, who *glance.Caller) (requestID string, err error)

	// Import has the node at the URL host import what it has staged for an
	// image, as Delete has it delete. body is that of the user's request, and
	// inStore its X-Image-Meta-Store, nil when it has none.
	Import(ctx context.Context, host, imageID string, who *glance.Caller, body []byte, inStore *string) (requestID string, err error)
}

// isDown reports whether a node was asked in vain.
func isDown(err error) bool {
	switch glance.KindOf(err) {
	case glance.BadGateway, glance.GatewayTimeout:
		return true
	}
	return false
}

// StageHost gives the URL of the other node that has staged the data of an
// image or hashes it; "" when none does. self is the URL of this node.
func StageHost(img *glance.Image, self string) string { return peerOf(img, self) }

// peerOf gives the URL of the other node that has staged the data of an image
// or hashes it; "" when none does. self is the URL of this node, "" when it is
// not known.
func peerOf(img *glance.Image, self string) string {
	for _, name := range []string{glance.StageHostProperty, glance.HashHostProperty} {
		if p, ok := img.Property(name); ok && p.Value != "" && nodeOf(p.Value) != nodeOf(self) {
			return p.Value
		}
	}
	return ""
}

// nodeOf gives a URL the form in which equal ones are equal.
func nodeOf(host string) string {
	u, err := url.Parse(host)
	if err != nil || u.Host == "" {
		return host
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port + strings.TrimRight(u.EscapedPath(), "/")
}
