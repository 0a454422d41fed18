package policy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

var billing = &glance.Caller{ProjectID: "p-alpha", Roles: []string{"billing", "member", "reader"}}

// protect opens a protection with the text of a file.
func protect(t *testing.T, format, text string) *policy.Protection {
	t.Helper()
	p, err := policy.OpenProtection(write(t, filepath.Join(t.TempDir(), "protect.conf"), text), format, open(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rights writes what a caller may do as letters of crud, - for what he may not.
func rights(p *policy.Protection, who *glance.Caller, name string) string {
	out := []byte("----")
	for i, can := range []func(*glance.Caller, string) bool{p.CanCreate, p.CanRead, p.CanUpdate, p.CanDelete} {
		if can(who, name) {
			out[i] = "crud"[i]
		}
	}
	return string(out)
}

// TestProtectionByRoles uses the file of the goldens protect-*.
func TestProtectionByRoles(t *testing.T) {
	p, err := policy.OpenProtection(filepath.Join("testdata", "protect-roles.conf"), "roles", open(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, alice, rita, billing, boss, nora string }{
		{"x_all_a", "crud", "crud", "crud", "crud", "crud"},
		{"x_none_a", "----", "----", "----", "----", "----"},
		{"x_owner_a", "crud", "----", "crud", "crud", "----"},
		{"x_fixed_a", "cr--", "-r--", "cr--", "crud", "----"},
		{"x_billing_a", "-r--", "----", "crud", "-r--", "----"},
		{"x_secret_a", "----", "----", "----", "crud", "----"},
		{"plain", "cru-", "----", "cru-", "cru-", "----"},
		{"expected", "-r--", "-r--", "-r--", "crud", "----"},
		{"complain plainly", "cru-", "----", "cru-", "cru-", "----"}, // searched, not anchored
		{"other", "-r--", "-r--", "-r--", "crud", "----"},
		{"os_glance_import_task", "crud", "crud", "crud", "crud", "crud"},
	}
	for range 2 { // the second time from memory
		for _, tt := range tests {
			for _, one := range []struct {
				who  *glance.Caller
				want string
			}{{alice, tt.alice}, {rita, tt.rita}, {billing, tt.billing}, {boss, tt.boss}, {nora, tt.nora}} {
				if got := rights(p, one.who, tt.name); got != one.want {
					t.Errorf("%s by %v: %s, want %s", tt.name, one.who.Roles, got, one.want)
				}
			}
		}
	}
}

// TestProtectionByPolicies uses the files of the golden protectpol-create.
func TestProtectionByPolicies(t *testing.T) {
	var log bytes.Buffer
	e, err := policy.Open(policy.Config{
		File: filepath.Join("testdata", "protect-policies.yaml"), EnforceNewDefaults: true, EnforceScope: true,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.OpenProtection(filepath.Join("testdata", "protect-policies.conf"), "Policies", e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "WARN") {
		t.Error(log.String())
	}
	spl := &glance.Caller{Roles: []string{"spl", "member"}, DomainID: "scope means nothing here"}
	tests := []struct{ name, alice, spl, boss string }{
		{"spl_a", "-r--", "cru-", "crud"},
		{"open_a", "crud", "crud", "crud"},
		{"shut_a", "cr--", "cr--", "cr--"},
		{"other", "----", "----", "----"},
	}
	for _, tt := range tests {
		if a, s, b := rights(p, alice, tt.name), rights(p, spl, tt.name), rights(p, boss, tt.name); a != tt.alice || s != tt.spl || b != tt.boss {
			t.Errorf("%s: %s %s %s, want %+v", tt.name, a, s, b, tt)
		}
	}

	log.Reset()
	file := write(t, filepath.Join(t.TempDir(), "p.conf"), "[.*]\ncreate: nowhere\nread: @\nupdate: !\ndelete: spl_read\n")
	if p, err = policy.OpenProtection(file, "policies", e); err != nil {
		t.Fatal(err)
	}
	if got := rights(p, nora, "x"); got != "cr--" {
		t.Errorf("rights %s: the default rule stands for one that is not defined", got)
	}
	if !strings.Contains(log.String(), "nowhere") {
		t.Errorf("not warned: %s", log.String())
	}
}

func TestProtectionSyntax(t *testing.T) {
	p := protect(t, "roles", `
# a comment
[DEFAULT]
delete = janitor
read : @

; another
[^a[0-9]]
CREATE = Admin,
    MEMBER
update =
  # not part of the value
    reader , janitor
[os_glance_mine]
create = !
[^b]
create: service
update = billing, !
`)
	service := &glance.Caller{Roles: []string{"nothing"}, ServiceRoles: []string{"Service"}}
	janitor := &glance.Caller{Roles: []string{"janitor"}}
	for _, tt := range []struct {
		who        *glance.Caller
		name, want string
	}{
		{mona, "a1", "cr--"},
		{boss, "a1", "cru-"},
		{janitor, "a1", "-rud"},
		{janitor, "a", "----"},
		{service, "b", "cr--"},
		{billing, "b", "-r--"},
		{nora, "os_glance_mine", "crud"},
	} {
		if got := rights(p, tt.who, tt.name); got != tt.want {
			t.Errorf("%s by %v: %s, want %s", tt.name, tt.who.Roles, got, tt.want)
		}
	}
	if len(service.Roles) != 1 {
		t.Error("roles of the caller changed")
	}
}

func TestNilProtectionAllows(t *testing.T) {
	var p *policy.Protection
	if got := rights(p, anonymous, "anything"); got != "crud" {
		t.Error(got)
	}
}

func TestOpenProtectionErrors(t *testing.T) {
	const rest = "read = @\nupdate = @\ndelete = @\n"
	tests := []struct{ name, format, text, want string }{
		{"format", "rolls", "", "roles or policies"},
		{"expression", "roles", "\n[(]\ncreate = @\n" + rest, "p.conf:2: [(] is no regular expression"},
		{"lookahead", "roles", "[^(?!x)]\ncreate = @\n" + rest, "p.conf:1: "},
		{"operation missing", "roles", "[a]\n" + rest, "p.conf:1: [a] says nothing of create"},
		{"everyone and nobody", "roles", "[a]\n" + rest + "create = admin, @, !\n", "p.conf:5: [a] create: '@' and '!'"},
		{"several rules", "policies", "[a]\n" + rest + "create = one,two\n", "p.conf:5: [a] create: one rule only"},
		{"section twice", "roles", "[a]\ncreate = @\n" + rest + "[a]\n", "p.conf:6: section [a] appears twice"},
		{"key twice", "roles", "[a]\ncreate = @\nCreate = @\n" + rest, "p.conf:3: create appears twice in [a]"},
		{"no section", "roles", "create = @\n", "p.conf:1: a value outside any section"},
		{"no assignment", "roles", "[a]\ncreate\n", "p.conf:2: neither"},
		{"no key", "roles", "[a]\n= x\n", "p.conf:2: a value without a key"},
		{"empty section name", "roles", "[]\n", "p.conf:1: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), "p.conf"), tt.text)
			if _, err := policy.OpenProtection(file, tt.format, open(t, "")); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "missing.conf")
	if _, err := policy.OpenProtection(missing, "roles", open(t, "")); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: %v", err)
	}
}

// TestProtectionManyNames asks for more names than are remembered, at once.
func TestProtectionManyNames(t *testing.T) {
	p := protect(t, "roles", "[^yes]\ncreate = @\nread = @\nupdate = @\ndelete = @\n")
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 3000 {
				suffix := fmt.Sprint(worker, "-", i, strings.Repeat("x", i%300))
				if !p.CanRead(nora, "yes"+suffix) || p.CanRead(boss, "no"+suffix) {
					t.Error("wrong decision for", suffix)
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzOpenProtection(f *testing.F) {
	for _, name := range []string{"protect-roles.conf", "protect-policies.conf"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "any")
	}
	f.Add("[DEFAULT]\ncreate: a\n  b\n[x]\n;\n", "x")
	file := filepath.Join(f.TempDir(), "p.conf")
	e := open(f, "")
	f.Fuzz(func(t *testing.T, text, name string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := policy.OpenProtection(file, "roles", e)
		if err != nil {
			if !strings.Contains(err.Error(), "p.conf:") {
				t.Errorf("no place in %v", err)
			}
			return
		}
		first := rights(p, alice, name)
		if second := rights(p, alice, name); first != second {
			t.Errorf("%s, then %s", first, second)
		}
		if strings.Contains(name, glance.ReservedPrefix) && first != "crud" {
			t.Errorf("own property %q: %s", name, first)
		}
	})
}

func BenchmarkCanRead(b *testing.B) {
	p, err := policy.OpenProtection(filepath.Join("testdata", "protect-roles.conf"), "roles", open(b, ""))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !p.CanRead(alice, "some other property") {
			b.Fatal("refused")
		}
	}
}
