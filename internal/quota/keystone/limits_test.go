package keystone_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/quota"
	"glance/internal/quota/keystone"
)

// service answers the paths of the identity API; a text that is no JSON object
// is a status.
type service struct {
	answers map[string]string
	asked   []string
}

const (
	model     = `{"model": {"name": "flat", "description": "…"}}`
	byID      = `{"endpoint": {"id": "e1", "service_id": "s1", "region_id": "One", "region": "One"}}`
	noRegion  = `{"endpoint": {"id": "e1", "service_id": "s1", "region_id": null}}`
	foreign   = `{"service_id": "s2", "region_id": "One", "project_id": "p", "resource_name": "image_size_total", "resource_limit": 1, "default_limit": 1}`
	elsewhere = `{"service_id": "s1", "region_id": "Two", "project_id": "p", "resource_name": "image_size_total", "resource_limit": 2, "default_limit": 2}`
	everyone  = `{"service_id": "s1", "region_id": null, "project_id": "p", "resource_name": "image_size_total", "resource_limit": 3, "default_limit": 3}`
	others    = `{"service_id": "s1", "region_id": "One", "project_id": "q", "resource_name": "image_size_total", "resource_limit": 4}`
)

func newService() *service {
	return &service{answers: map[string]string{
		"/limits/model": model,
		"/endpoints/e1": byID,
		"/limits":       `{"limits": [` + foreign + `, ` + elsewhere + `, ` + everyone + `, ` + others + `]}`,
		"/registered_limits": `{"registered_limits": [` + foreign + `, ` + elsewhere + `,
			{"service_id": "s1", "region_id": "One", "resource_name": "image_size_total", "default_limit": 10},
			{"service_id": "s1", "region_id": "One", "resource_name": "image_count_total", "default_limit": -1}], "links": {}}`,
		"/services":  `{"services": [{"id": "s1", "type": "image"}]}`,
		"/endpoints": `{"endpoints": [{"id": "e1", "service_id": "s1", "region_id": "One"}]}`,
	}}
}

func (s *service) get(_ context.Context, path string) (int, []byte, error) {
	s.asked = append(s.asked, path)
	path, _, _ = strings.Cut(path, "?")
	text := s.answers[path]
	if status := 0; len(text) == 3 {
		_, err := fmt.Sscan(text, &status)
		return status, []byte("s3cr3t"), err
	}
	if text == "" {
		return 0, nil, glance.Errorf(glance.Unavailable, "nobody is there")
	}
	return 200, []byte(text), nil
}

func open(t *testing.T, get keystone.Get, at keystone.Endpoint) *keystone.Limits {
	t.Helper()
	l, err := keystone.New(get, at)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// limitOne is a limit of project p.
func limitOne(resource quota.Resource, n int) string {
	return fmt.Sprintf(`{"limits": [{"service_id": "s1", "region_id": "One", "project_id": "p", "resource_name": "%s", "resource_limit": %d}]}`, resource, n)
}

func TestLimits(t *testing.T) {
	whole := map[quota.Resource]int64{quota.ImageSizeTotal: 10, quota.ImageCountTotal: -1}
	for name, tt := range map[string]struct {
		answers map[string]string
		at      keystone.Endpoint
		project string
		want    map[quota.Resource]int64
	}{
		"registered":      {project: "p", want: whole},
		"of no project":   {want: whole},
		"of the project":  {project: "p", answers: map[string]string{"/limits": limitOne(quota.ImageSizeTotal, 7)}, want: map[quota.Resource]int64{quota.ImageSizeTotal: 7, quota.ImageCountTotal: -1}},
		"other resource":  {project: "p", answers: map[string]string{"/limits": limitOne("server_count", 7)}, want: map[quota.Resource]int64{quota.ImageSizeTotal: 10, quota.ImageCountTotal: -1, "server_count": 7}},
		"without region":  {project: "p", answers: map[string]string{"/endpoints/e1": noRegion}, want: map[quota.Resource]int64{quota.ImageSizeTotal: 3}},
		"endpoint sought": {project: "p", at: keystone.Endpoint{ServiceType: "image", Region: "One", Interface: "publicURL"}, want: whole},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService()
			maps.Copy(s.answers, tt.answers)
			if tt.at == (keystone.Endpoint{}) {
				tt.at.ID = "e1"
			}
			got, err := open(t, s.get, tt.at).Limits(t.Context(), tt.project, quota.ImageCountTotal, quota.ImageStageTotal)
			if err != nil || !maps.Equal(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

// TestQuestions: what is asked, and what of it is remembered for how long.
func TestQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		l := open(t, s.get, keystone.Endpoint{ServiceType: "image", ServiceName: "glance", Region: "One", Interface: "publicURL"})
		ask := func(want ...string) {
			t.Helper()
			s.asked = nil
			if _, err := l.Limits(t.Context(), "p&q", quota.ImageStageTotal); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.asked, want) {
				t.Errorf("asked %q, want %q", s.asked, want)
			}
		}
		limits := []string{"/limits?project_id=p%26q&region_id=One&service_id=s1", "/registered_limits?region_id=One&service_id=s1"}
		first := append([]string{
			"/limits/model", "/services?name=glance&type=image", "/endpoints?interface=public&region_id=One&service_id=s1",
		}, limits...)
		ask(first...)
		time.Sleep(59 * time.Second)
		ask(limits...)
		time.Sleep(time.Second)
		ask(first...)
		s.answers["/limits"] = strings.ReplaceAll(limitOne(quota.ImageStageTotal, 1), `"p"`, `"p&q"`)
		ask(limits[:1]...)
	})
}

func TestLimitsFail(t *testing.T) {
	for name, tt := range map[string]struct {
		answers map[string]string
		at      keystone.Endpoint
		want    string
	}{
		"down":               {answers: map[string]string{"/limits/model": ""}, want: "nobody is there"},
		"down for limits":    {answers: map[string]string{"/registered_limits": ""}, want: "nobody is there"},
		"other model":        {answers: map[string]string{"/limits/model": `{"model": {"name": "strict_two_level"}}`}, want: `model "strict_two_level"`},
		"no model":           {answers: map[string]string{"/limits/model": `{}`}, want: "/limits/model makes no sense"},
		"model of nonsense":  {answers: map[string]string{"/limits/model": `<html>`}, want: "makes no sense"},
		"may not":            {answers: map[string]string{"/limits": "403"}, want: "needs the role reader for the system"},
		"no such endpoint":   {answers: map[string]string{"/endpoints/e1": "404"}, want: "endpoint_id: the answer to /endpoints/e1 is 404"},
		"endpoint of none":   {answers: map[string]string{"/endpoints/e1": "{}"}, want: "makes no sense"},
		"limits of nonsense": {answers: map[string]string{"/limits": "{}"}, want: "/limits makes no sense"},
		"registered without a number": {
			answers: map[string]string{"/registered_limits": strings.ReplaceAll(newService().answers["/registered_limits"], "default_limit", "limit")},
			want:    "/registered_limits makes no sense",
		},
		"server error":  {answers: map[string]string{"/registered_limits": "502"}, want: "/registered_limits is 502"},
		"two services":  {at: sought, answers: map[string]string{"/services": `{"services": [{"id": "s1"}, {"id": "s2"}]}`}, want: "leave 2 services"},
		"no services":   {at: sought, answers: map[string]string{"/services": `{"services": []}`}, want: "leave 0 services"},
		"two endpoints": {at: sought, answers: map[string]string{"/endpoints": `{"endpoints": [{}, {}]}`}, want: "leave 2 endpoints"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService()
			maps.Copy(s.answers, tt.answers)
			if tt.at == (keystone.Endpoint{}) {
				tt.at.ID = "e1"
			}
			l := open(t, s.get, tt.at)
			_, err := l.Limits(t.Context(), "p", quota.ImageStageTotal)
			if err == nil || glance.KindOf(err) != glance.Internal || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			s.answers = newService().answers // it is back
			if got, err := l.Limits(t.Context(), "p", quota.ImageSizeTotal); err != nil || got[quota.ImageSizeTotal] != 10 {
				t.Errorf("afterwards %v, %v", got, err)
			}
		})
	}
}

var sought = keystone.Endpoint{ServiceType: "image", Region: "One"}

// TestSlow: a question ends, whatever the service does.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ string) (int, []byte, error) {
			select {
			case <-ctx.Done():
				return 0, nil, ctx.Err()
			case <-time.After(20 * time.Second):
				return 200, []byte(model), nil
			}
		}
		for timeout, want := range map[time.Duration]time.Duration{0: 30 * time.Second, 3 * time.Second: 3 * time.Second} {
			began := time.Now()
			_, err := open(t, slow, keystone.Endpoint{ID: "e1", Timeout: timeout}).Limits(t.Context(), "p", quota.ImageSizeTotal)
			if took := time.Since(began); took != want || glance.KindOf(err) != glance.Internal || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v after %v, want it after %v", err, took, want)
			}
		}
	})
}

func TestEndpointMissing(t *testing.T) {
	for _, at := range []keystone.Endpoint{{}, {ServiceType: "image"}, {Region: "One"}} {
		if _, err := keystone.New(newService().get, at); err == nil || !strings.Contains(err.Error(), "endpoint_id is missing") {
			t.Errorf("%+v: %v", at, err)
		}
	}
	if _, err := keystone.New(newService().get, keystone.Endpoint{ServiceName: "glance", Region: "One"}); err != nil {
		t.Error(err)
	}
}

// FuzzAnswers: whatever the service says, it is an answer or an error.
func FuzzAnswers(f *testing.F) {
	for path, text := range newService().answers {
		f.Add(path, text)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		s := newService()
		s.answers["/"+strings.TrimPrefix(path, "/")] = text
		for _, at := range []keystone.Endpoint{{ID: "e1"}, sought} {
			got, err := open(t, s.get, at).Limits(t.Context(), "p", quota.ImageSizeTotal)
			if (got == nil) == (err == nil) {
				t.Errorf("%v, %v", got, err)
			}
		}
		for _, asked := range s.asked {
			if _, err := url.Parse(asked); err != nil {
				t.Error(err)
			}
		}
	})
}
