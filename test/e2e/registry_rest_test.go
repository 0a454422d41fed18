package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// exchange is a step of testdata/registry_v1.steps.
type exchange struct{ title, request, head, answer string }

func exchanges(t *testing.T, file string) []exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []exchange
	for _, part := range strings.Split(string(text), "\n== ")[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		request, rest, found := strings.Cut(rest, "\n-- ")
		head, answer, _ := strings.Cut(rest, "\n")
		if !found {
			t.Fatalf("step %q has no answer", title)
		}
		steps = append(steps, exchange{title, request, strings.TrimSpace(head), strings.TrimSpace(answer)})
	}
	return steps
}

// onWire gives the bytes of a request.
func (e exchange) onWire() string {
	head, body, _ := strings.Cut(strings.TrimRight(e.request, "\n")+"\n\n", "\n\n")
	return strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + strings.TrimRight(body, "\n")
}

var moment = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"`)

// TestRegistryConversation replays what the client of old sends, byte by byte.
// Spec registry §2.
func TestRegistryConversation(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "glance-registry.conf")
	conf := "[DEFAULT]\nbind_host = 127.0.0.1\nbind_port = 0\n[database]\nconnection = sqlite:///" + dir + "/r.sqlite\n[paste_deploy]\nflavor = trusted-auth\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := rig.Start(t.Context(), rig.Command{
		Path: filepath.Join(programs(), "glance-registry"), Args: []string{"--config-file", file}, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Kill)
	steps := exchanges(t, "testdata/registry_v1.steps")
	if len(steps) < 30 {
		t.Errorf("%d steps", len(steps))
	}
	for _, step := range steps {
		head, answer := say(t, strings.TrimPrefix(registry.URL, "http://"), step.onWire())
		if got := moment.ReplaceAllString(answer, `"{time}"`); head != step.head || got != step.answer {
			t.Errorf("%s: %s\n%s\nwant %s\n%s", step.title, head, got, step.head, step.answer)
		}
	}
	if err := registry.Stop(); err != nil {
		t.Error(err)
	}
}

// say sends a request over a connection of its own, as that client does.
func say(t *testing.T, address, request string) (head, answer string) {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: rig.Limit}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s\n%v", request, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(resp.Header.Get("X-Openstack-Request-Id"), "req-") {
		t.Errorf("the answer has the request id %q", resp.Header.Get("X-Openstack-Request-Id"))
	}
	return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type"))), strings.TrimSpace(string(text))
}
