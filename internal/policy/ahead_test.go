package policy_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

// openLogged opens rules whose servers are one judge.
func openLogged(t *testing.T, rules string, j *judge) (*policy.Enforcer, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	return open(t, rules, func(c *policy.Config) {
		c.Post, c.Log = j.post, slog.New(slog.NewTextHandler(log, nil))
	}), log
}

// judge answers as told, and counts how often it is asked.
type judge struct {
	says  string
	fails error
	asked int
}

func (j *judge) post(context.Context, string, string, []byte) ([]byte, error) {
	j.asked++
	return []byte(j.says), j.fails
}

// TestAhead: the same decisions as with servers, without asking any; each is
// asked once about the same thing.
func TestAhead(t *testing.T) {
	for name, tt := range map[string]struct {
		rules string
		judge judge
		asks  int
		holds bool
	}{
		"no server":        {rules: "modify_image: role:member", holds: true},
		"says yes":         {rules: "modify_image: http://judge/%(id)s", judge: judge{says: "True"}, asks: 1, holds: true},
		"says no":          {rules: "modify_image: http://judge", judge: judge{says: "False"}, asks: 1},
		"fails":            {rules: "modify_image: http://judge", judge: judge{says: "True", fails: errors.New("down")}, asks: 1},
		"fails, under not": {rules: "modify_image: not http://judge", judge: judge{fails: errors.New("down")}, asks: 1},
		"no, under not":    {rules: "modify_image: not http://judge", judge: judge{says: "False"}, asks: 1, holds: true},
		"need not":         {rules: "modify_image: role:member or http://judge", judge: judge{says: "False"}, holds: true},
		"two":              {rules: "modify_image: https://one and http://two", judge: judge{says: "True"}, asks: 2, holds: true},
	} {
		t.Run(name, func(t *testing.T) {
			e, log := openLogged(t, tt.rules, &tt.judge)
			ahead, answers := e.Ahead()
			img := &glance.Image{ID: "1", Owner: "p"}
			decide := func() (held bool) {
				for {
					held = ahead.ImageAllowed(t.Context(), alice, policy.ModifyImage, img)
					if !answers.Missing() {
						return held
					}
					if held {
						t.Error("allowed without an answer")
					}
					if err := answers.Ask(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if decide() != tt.holds || tt.judge.asked != tt.asks {
				t.Errorf("asked %d times, held %v", tt.judge.asked, !tt.holds)
			}
			if decide() != tt.holds || tt.judge.asked != tt.asks {
				t.Errorf("asked again: %d", tt.judge.asked)
			}
			img.Hidden = true
			if decide() != tt.holds || tt.judge.asked != 2*tt.asks {
				t.Errorf("an image that changed: asked %d times", tt.judge.asked)
			}
			if strings.Contains(log.String(), "not been asked") {
				t.Errorf("a question that is yet to come is logged: %s", log)
			}
		})
	}
}

func TestAheadIsGivenUp(t *testing.T) {
	j := &judge{says: "True"}
	e, _ := openLogged(t, "modify_image: http://judge", j)
	ahead, answers := e.Ahead()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ahead.ImageAllowed(ctx, alice, policy.ModifyImage, &glance.Image{}) || !errors.Is(answers.Ask(ctx), context.Canceled) || !answers.Missing() {
		t.Error("an answer that nobody waits for counts")
	}
	// Without a way to ask there is nothing to wait for.
	ahead, answers = open(t, "modify_image: http://judge").Ahead()
	if ahead.ImageAllowed(t.Context(), alice, policy.ModifyImage, &glance.Image{}) || answers.Missing() || answers.Ask(t.Context()) != nil {
		t.Error("a check that cannot be asked is missing")
	}
}

// TestProtectionAhead: properties are protected by rules with servers, too.
func TestProtectionAhead(t *testing.T) {
	j := &judge{says: "True"}
	e, _ := openLogged(t, "keepers: http://judge", j)
	file := filepath.Join(t.TempDir(), "protection.conf")
	if err := os.WriteFile(file, []byte("[.*]\ncreate = keepers\nread = @\nupdate = @\ndelete = @\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.OpenProtection(file, "policies", e)
	if err != nil {
		t.Fatal(err)
	}
	ahead, answers := e.Ahead()
	inside := p.With(ahead)
	if inside.CanCreate(alice, "x") || !answers.Missing() || j.asked != 0 {
		t.Error("a server was asked")
	}
	if err := answers.Ask(t.Context()); err != nil || !inside.CanCreate(alice, "x") || !inside.CanRead(alice, "x") {
		t.Errorf("the answer does not count: %v", err)
	}
	if (*policy.Protection)(nil).With(ahead) != nil {
		t.Error("no protection protects")
	}
}
