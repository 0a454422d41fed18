package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStageEnds: a request that hangs does not keep the process from ending,
// and one that comes too late is broken off.
func TestStageEnds(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	closed := false
	g := newGeneration(slog.New(slog.DiscardHandler), nil)
	g.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(begun); <-release })
	g.onClose(func() error { closed = true; return nil })
	var s stage
	s.swap(g)
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	<-begun
	if s.end(time.Millisecond) {
		t.Error("ended while a request hangs")
	}
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this as well
				t.Errorf("a late request: %v", p)
			}
		}()
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	close(release)
	<-served
	if !s.end(time.Minute) || !closed {
		t.Error("not ended after the last request")
	}
}
