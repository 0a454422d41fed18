package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/app"
	"glance/internal/config"
)

// policyTool runs glance-policy in a directory of files.
func policyTool(t *testing.T, files map[string]string, words string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs strings.Builder
	args := strings.Fields(strings.ReplaceAll("--config-file DIR/glance-api.conf "+words, "DIR", dir))
	code = app.GlancePolicy(t.Context(), config.Input{Prog: "glance-policy", Args: args}, &out, &errs)
	return code, strings.ReplaceAll(out.String(), dir, "DIR"), strings.ReplaceAll(errs.String(), dir, "DIR")
}

const policyConf = "[oslo_policy]\npolicy_file = DIR/policy.yaml\npolicy_dirs = DIR/policy.d\n"

func TestPolicyCheck(t *testing.T) {
	tests := []struct {
		name, policy, words string
		code                int
		want                string
	}{
		{"none", "", "check", 0, "There is no policy file; the defaults hold.\n"},
		{"good", "get_image: role:a\n", "check", 0, "No mistake in DIR/policy.yaml.\n"},
		{"bad", "get_image: role:a\nget_imgae: is_admin:1\n", "check", 1, "DIR/policy.yaml:2: get_imgae: nobody asks for this rule\n" +
			"DIR/policy.yaml:2: get_imgae: callers have no attribute \"is_admin\", so this check never holds; administrators are rule:context_is_admin\n"},
		{"named", "get_image: role:a\n", "check DIR/other.yaml", 1, "DIR/other.yaml:1: not a mapping of rule names to rules\n"},
		{"missing", "", "check DIR/missing", 4, ""},
		{"too many", "", "check a b", 2, ""},
		{"no command", "", "", 2, ""},
		{"another command", "", "chekc", 2, ""},
	}
	for _, tt := range tests {
		files := map[string]string{"glance-api.conf": policyConf, "other.yaml": "just a text"}
		if tt.policy != "" {
			files["policy.yaml"] = tt.policy
		}
		code, stdout, stderr := policyTool(t, files, tt.words)
		if code != tt.code || tt.want != "" && (stdout != tt.want || stderr != "") || tt.want == "" && stdout+stderr == "" {
			t.Errorf("%s: %d\n%s%s", tt.name, code, stdout, stderr)
		}
	}
}

// A dump is a policy file without mistakes, and dumps as itself.
func TestPolicyDump(t *testing.T) {
	files := map[string]string{"glance-api.conf": policyConf, "policy.yaml": "get_image: role:a or rule:mine\nmine: \"'x':%(name)s\"\n"}
	code, first, stderr := policyTool(t, files, "dump")
	for _, want := range []string{`"get_image": "role:a or rule:mine"`, `"mine": "'x':%(name)s"`, `"context_is_admin": "role:admin"`, `"default": ""`} {
		if !strings.Contains(first, want+"\n") {
			t.Errorf("%d %s: no %s in\n%s", code, stderr, want, first)
		}
	}
	files["policy.yaml"] = first
	if code, second, _ := policyTool(t, files, "dump"); code != 0 || second != first {
		t.Errorf("the dump of the dump is another one:\n%s", second)
	}
	if code, stdout, _ := policyTool(t, files, "check"); code != 0 {
		t.Errorf("the dump has mistakes:\n%s", stdout)
	}
	files = map[string]string{"glance-api.conf": policyConf + "enforce_new_defaults = false\n"}
	if _, old, _ := policyTool(t, files, "dump"); !strings.Contains(old, `"cache_list": "rule:context_is_admin or rule:manage_image_cache"`) {
		t.Errorf("the old defaults are not there:\n%s", old)
	}
}

func TestPolicyExplain(t *testing.T) {
	const reader = "project_id: p\nroles: [Reader]\n"
	tests := []struct {
		name, as, target, rule string
		code                   int
		want                   string
	}{
		{"allowed", reader, "", "get_images", 0, `get_images: allowed
  About: project_id=p
yes rule:get_images
yes   rule:context_is_admin or role:reader and project_id:%(project_id)s
no      rule:context_is_admin
no        role:admin
yes     role:reader and project_id:%(project_id)s
yes       role:reader
yes       project_id:%(project_id)s   (substituted: p)
`},
		{"refused", reader, "owner: q\nvisibility: public\nx: 5\n", "copy_image", 1, `copy_image: refused
  About: member=None member_id=None owner=q project_id=q visibility=public x=5
no  rule:copy_image
no    rule:context_is_admin
no      role:admin
`},
		{"a token", `{"token": {"user": {"id": "u"}, "project": {"id": "p"}, "roles": [{"name": "ADMIN"}]}}`, "", "copy_image", 0, "copy_image: allowed\n"},
		{"of the system", "system_scope: all\nroles: [admin]\n", "", "copy_image", 1, "copy_image: refused\n  The token is for a system or a domain; the rule wants one for a project.\n"},
		{"member", "project_id: p\nroles: [member]\n", "owner: q\nvisibility: shared\n", "modify_member", 0, "modify_member: allowed\n  About: member=p member_id=p owner=q"},
		{"the caller itself", "user_id: u\nroles: [admin]\n", "", "context_is_admin", 0, "context_is_admin: allowed\n  About: domain_id=None project_domain_id=None project_id=None system_scope=None user_domain_id=None user_id=u\n"},
		{"no such rule", reader, "", "get_imgae", 4, ""},
		{"no caller", "rolse: [a]\n", "", "get_image", 4, ""},
		{"no target", reader, "- a\n", "get_image", 4, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"glance-api.conf": policyConf, "as": tt.as, "target": tt.target}
			words := "explain --as DIR/as "
			if tt.target != "" {
				words += "--target DIR/target "
			}
			code, stdout, stderr := policyTool(t, files, words+tt.rule)
			if code != tt.code || !strings.HasPrefix(stdout, tt.want) || tt.want == "" && stderr == "" {
				t.Errorf("%d\n%s%s", code, stdout, stderr)
			}
		})
	}
	files := map[string]string{"glance-api.conf": policyConf + "enforce_new_defaults = false\n", "as": reader}
	if _, stdout, _ := policyTool(t, files, "explain --as DIR/as delete_image"); !strings.Contains(stdout, "must also own the image") {
		t.Error(stdout)
	}
	for _, words := range []string{"explain get_image", "explain --as DIR/as", "explain --as DIR/missing get_image", "dump x"} {
		if code, stdout, stderr := policyTool(t, files, words); code == 0 || stdout+stderr == "" {
			t.Errorf("%s: %d", words, code)
		}
	}
}
