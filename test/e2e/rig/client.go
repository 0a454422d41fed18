package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// OctetStream is the content type of image data.
const OctetStream = "application/octet-stream"

// Client speaks to one server.
type Client struct {
	Base      string            // URL without a slash at the end
	Transport http.RoundTripper // nil: the default one
}

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Image is what tests look at.
type Image struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Status      string `json:"status"`
	Checksum    string `json:"checksum"`
	HashAlgo    string `json:"os_hash_algo"`
	HashValue   string `json:"os_hash_value"`
	Size        *int64 `json:"size"`
	VirtualSize *int64 `json:"virtual_size"`
}

// Call sends one request. length is that of body, -1 to send chunks.
func (c *Client) Call(ctx context.Context, method, path string, header http.Header, body io.Reader, length int64) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header
	}
	if body != nil {
		req.ContentLength = length
	}
	resp, err := (&http.Client{Transport: c.Transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %d: %w", method, path, resp.StatusCode, err)
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: data}, nil
}

// Get sends a GET.
func (c *Client) Get(ctx context.Context, path string) (*Answer, error) {
	return c.Call(ctx, http.MethodGet, path, nil, nil, 0)
}

// Create makes an image of these properties.
func (c *Client) Create(ctx context.Context, properties map[string]any) (*Image, error) {
	doc, err := json.Marshal(properties)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	a, err := c.Call(ctx, http.MethodPost, "/v2/images", header, bytes.NewReader(doc), int64(len(doc)))
	return decode[Image](a, err, http.StatusCreated)
}

// Show asks for one image.
func (c *Client) Show(ctx context.Context, id string) (*Image, error) {
	a, err := c.Get(ctx, "/v2/images/"+id)
	return decode[Image](a, err, http.StatusOK)
}

// List asks for all images.
func (c *Client) List(ctx context.Context) ([]Image, error) {
	var all []Image
	for next := "/v2/images?limit=100&sort=id:asc"; next != ""; {
		a, err := c.Get(ctx, next)
		page, err := decode[struct {
			Images []Image
			Next   string
		}](a, err, http.StatusOK)
		if err != nil {
			return nil, err
		}
		all, next = append(all, page.Images...), page.Next
	}
	return all, nil
}

// Upload sends image data; length as in Call.
func (c *Client) Upload(ctx context.Context, id string, body io.Reader, length int64) (*Answer, error) {
	header := http.Header{"Content-Type": {OctetStream}}
	return c.Call(ctx, http.MethodPut, "/v2/images/"+id+"/file", header, body, length)
}

// Put uploads data and wants it to succeed.
func (c *Client) Put(ctx context.Context, id string, data []byte) error {
	a, err := c.Upload(ctx, id, bytes.NewReader(data), int64(len(data)))
	return a.want(err, http.StatusNoContent)
}

// Download fetches the data of an image.
func (c *Client) Download(ctx context.Context, id string) ([]byte, error) {
	a, err := c.Get(ctx, "/v2/images/"+id+"/file")
	if err := a.want(err, http.StatusOK); err != nil {
		return nil, err
	}
	return a.Body, nil
}

// Delete deletes an image.
func (c *Client) Delete(ctx context.Context, id string) error {
	a, err := c.Call(ctx, http.MethodDelete, "/v2/images/"+id, nil, nil, 0)
	return a.want(err, http.StatusNoContent)
}

// ErrStatus is behind the error of an answer with another status than wanted.
var ErrStatus = errors.New("unexpected status")

func (a *Answer) want(err error, status int) error {
	switch {
	case err != nil:
		return err
	case a.Status != status:
		return fmt.Errorf("%w: got %d, want %d: %s", ErrStatus, a.Status, status, strings.TrimSpace(string(a.Body)))
	}
	return nil
}

func decode[T any](a *Answer, err error, status int) (*T, error) {
	if err := a.want(err, status); err != nil {
		return nil, err
	}
	into := new(T)
	if err := json.Unmarshal(a.Body, into); err != nil {
		return nil, fmt.Errorf("%w in %s", err, a.Body)
	}
	return into, nil
}
