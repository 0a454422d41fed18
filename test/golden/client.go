package golden

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	requestTimeout = 60 * time.Second
	chunkSize      = 65536
)

// answer is what came back; died means that the connection was closed without one.
type answer struct {
	status int
	header http.Header
	body   []byte
	died   bool
}

// send puts a request on a connection of its own, with no header that the scenario does not name but Host and
// Content-Length: a client library would add some, and clean the path.
func send(ctx context.Context, addr string, req *Request, b Bindings) (*answer, error) {
	head, body, err := wire(addr, req, b)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return nil, err
	}
	// The server may answer, and close, before it has read the body: then the answer counts, not the failed write.
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(append(head, body...))
		written <- err
	}()
	got, err := receive(conn, req.Method)
	if err != nil {
		conn.Close()
		return nil, errors.Join(err, <-written)
	}
	return got, nil
}

func receive(conn net.Conn, method string) (*answer, error) {
	r := bufio.NewReader(conn)
	var timeout net.Error
	if _, err := r.Peek(1); err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		return &answer{died: true}, nil
	}
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read body of answer %d: %w", resp.StatusCode, err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// wire spells a request as it goes over the connection.
func wire(addr string, req *Request, b Bindings) (head, body []byte, err error) {
	path, err := b.Expand(req.Path)
	if err != nil {
		return nil, nil, err
	}
	headers := map[string]string{"Host": addr}
	for name, value := range req.Headers {
		if headers[http.CanonicalHeaderKey(name)], err = b.Expand(value); err != nil {
			return nil, nil, err
		}
	}
	body, has, err := content(req, b)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case headers["Transfer-Encoding"] == "chunked":
		body = chunked(body)
	case has || slices.Contains([]string{"POST", "PUT", "PATCH"}, req.Method):
		headers["Content-Length"] = fmt.Sprint(len(body))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", req.Method, path)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if strings.ContainsAny(headers[name], "\r\n") {
			return nil, nil, fmt.Errorf("header %s has more than one line", name)
		}
		fmt.Fprintf(&out, "%s: %s\r\n", name, headers[name])
	}
	out.WriteString("\r\n")
	return out.Bytes(), body, nil
}

// content is the body of a request, and whether it has one at all.
func content(req *Request, b Bindings) (data []byte, has bool, err error) {
	switch {
	case req.Generator != nil:
		data, err = req.Generator.Bytes()
		return data, true, err
	case req.BodyText != nil:
		text, err := b.Expand(*req.BodyText)
		return []byte(text), true, err
	case req.Body != nil:
		text, err := b.Expand(string(req.Body))
		return []byte(text), true, err
	}
	return nil, false, nil
}

func chunked(body []byte) []byte {
	var out bytes.Buffer
	for chunk := range slices.Chunk(body, chunkSize) {
		fmt.Fprintf(&out, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	out.WriteString("0\r\n\r\n")
	return out.Bytes()
}
