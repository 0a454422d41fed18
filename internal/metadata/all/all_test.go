package all_test

import (
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata/all"
)

func TestOpen(t *testing.T) {
	for _, url := range []string{all.Memory, "sqlite://", "sqlite:///" + t.TempDir() + "/a.sqlite"} {
		s, err := all.Open(t.Context(), url, all.Options{CreateIfEmpty: true})
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for url, want := range map[string]glance.Kind{
		"":                             glance.Invalid,
		"oracle://scott:tiger@host/db": glance.Invalid,
		"mysql+pymysql://glance:tiger@127.0.0.1:1/glance":                                 glance.Unavailable,
		"mysql://glance:tiger@/glance?unix_socket=/does/not/exist":                        glance.Unavailable,
		"mysql://glance:tiger@h/glance?ssl_ca=/does/not/exist":                            glance.Invalid,
		"mysql://glance:tiger@h/glance?connect_timeout=soon":                              glance.Invalid,
		"postgresql://glance:tiger@127.0.0.1:1/glance":                                    glance.Unavailable,
		"postgresql+psycopg2://glance:tiger@/glance?host=/does/not/exist&sslmode=disable": glance.Unavailable,
		"postgresql://glance:tiger@h/glance?sslmode=sometimes":                            glance.Invalid,
		"sqlite:////does/not/exist/tiger.sqlite":                                          glance.Unavailable,
	} {
		s, err := all.Open(t.Context(), url, all.Options{CreateIfEmpty: true})
		if s != nil || glance.KindOf(err) != want {
			t.Errorf("%s: %v, %v (%v), want %v", url, s, err, glance.KindOf(err), want)
		}
		if err != nil && strings.Contains(url, "@") && strings.Contains(err.Error(), "tiger") {
			t.Errorf("the password of %s is in %v", url, err)
		}
	}
}
