package ini_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/ini"
)

type kinds struct {
	Bool    bool     `ini:"bool" default:"true"`
	Int     int      `ini:"int" default:"5" min:"0" max:"10"`
	Big     int64    `ini:"big" min:"1"`
	Float   float64  `ini:"float" default:"0.1" min:"0" max:"1"`
	Choice  string   `ini:"choice" default:"qcow2" choices:"qcow2,raw" fold:"true"`
	Secret  string   `ini:"secret" choices:"a,b" secret:"true"`
	Unset   *string  `ini:"unset"`
	Port    *int     `ini:"port" max:"65535"`
	Flag    *bool    `ini:"flag"`
	List    []string `ini:"list" default:"a, b"`
	Bounded []string `ini:"bounded" bounded:"true" default:"[x,y]"`
	Ports   []int    `ini:"ports" bounded:"true" default:"[80,443]" max:"65535"`
	Names   []string `ini:"names" choices:"p,q"`
	Dict    ini.Dict `ini:"dict"`
	embedded
	NotAnOption func()
}

type embedded struct {
	Inner string `ini:"inner" default:"in"`
}

func fillKinds(t *testing.T, lines string) (kinds, error) {
	t.Helper()
	var v kinds
	err := source(t, "[s]\n"+lines).Fill(&v, "s")
	return v, err
}

func TestFillDefaults(t *testing.T) {
	got, err := fillKinds(t, "")
	if err != nil {
		t.Fatal(err)
	}
	want := kinds{
		Bool: true, Int: 5, Float: 0.1, Choice: "qcow2",
		List: []string{"a", "b"}, Bounded: []string{"x", "y"}, Ports: []int{80, 443},
		embedded: embedded{"in"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(kinds{})); diff != "" {
		t.Error(diff)
	}
}

func TestFillValues(t *testing.T) {
	get := func(pick func(kinds) any) func(kinds) any { return pick }
	for line, tt := range map[string]struct {
		pick func(kinds) any
		want any
	}{
		"bool = OFF":             {get(func(k kinds) any { return k.Bool }), false},
		"bool = 1":               {get(func(k kinds) any { return k.Bool }), true},
		"int = 7":                {get(func(k kinds) any { return k.Int }), 7},
		"int =":                  {get(func(k kinds) any { return k.Int }), 5},
		"big = 1099511627776":    {get(func(k kinds) any { return k.Big }), int64(1 << 40)},
		"float = 1":              {get(func(k kinds) any { return k.Float }), 1.0},
		"float =":                {get(func(k kinds) any { return k.Float }), 0.1},
		"choice = RAW":           {get(func(k kinds) any { return k.Choice }), "raw"},
		"unset =":                {get(func(k kinds) any { return *k.Unset }), ""},
		"port = 0":               {get(func(k kinds) any { return *k.Port }), 0},
		"port = ":                {get(func(k kinds) any { return k.Port == nil }), true},
		"flag = no":              {get(func(k kinds) any { return *k.Flag }), false},
		"list = a,, b ,":         {get(func(k kinds) any { return k.List }), []string{"a", "", "b"}},
		"list =":                 {get(func(k kinds) any { return k.List }), []string{}},
		"list = a,\n  b":         {get(func(k kinds) any { return k.List }), []string{"a", "b"}},
		"bounded = []":           {get(func(k kinds) any { return k.Bounded }), []string{}},
		"bounded = [ a , b ]":    {get(func(k kinds) any { return k.Bounded }), []string{"a", "b"}},
		`bounded = ["a,b",'c']`:  {get(func(k kinds) any { return k.Bounded }), []string{"a,b", "c"}},
		"ports = [1, 2]":         {get(func(k kinds) any { return k.Ports }), []int{1, 2}},
		"names = q,p":            {get(func(k kinds) any { return k.Names }), []string{"q", "p"}},
		"dict = b:2, a : http:x": {get(func(k kinds) any { return k.Dict }), ini.Dict{{"b", "2"}, {"a", "http:x"}}},
		"dict = b,a:1":           {get(func(k kinds) any { return k.Dict }), ini.Dict{{"b,a", "1"}}},
		"dict =":                 {get(func(k kinds) any { return k.Dict }), ini.Dict{}},
		"inner = x":              {get(func(k kinds) any { return k.Inner }), "x"},
	} {
		t.Run(line, func(t *testing.T) {
			got, err := fillKinds(t, line)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tt.pick(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFillErrors(t *testing.T) {
	for line, want := range map[string]string{
		"bool = maybe":     "s.bool from a.conf:2 is not valid: should be true or false, found 'maybe'",
		"bool =":           "s.bool from a.conf:2 is not valid: should be true or false, found ''",
		"int = 11":         "s.int from a.conf:2 is not valid: should be a whole number from 0 to 10, found '11'",
		"int = 1.5":        "s.int from a.conf:2 is not valid: should be a whole number from 0 to 10, found '1.5'",
		"big = 0":          "s.big from a.conf:2 is not valid: should be a whole number not below 1, found '0'",
		"float = nan":      "s.float from a.conf:2 is not valid: should be a number from 0 to 1, found 'nan'",
		"choice = x":       "s.choice from a.conf:2 is not valid: should be one of qcow2, raw, found 'x'",
		"secret = hunter2": "s.secret from a.conf:2 is not valid: should be one of a, b",
		"port = 65536":     "s.port from a.conf:2 is not valid: should be a whole number not above 65535, found '65536'",
		"bounded = a":      `s.bounded from a.conf:2 is not valid: Value should start with "[", found 'a'`,
		"bounded = [a":     `s.bounded from a.conf:2 is not valid: Value should end with "]", found '[a'`,
		`bounded = ["a]`:   `s.bounded from a.conf:2 is not valid: has a quote that is not closed, found '"a'`,
		"ports = [x]":      "s.ports from a.conf:2 is not valid: should be a whole number not above 65535, found 'x'",
		"names = z":        "s.names from a.conf:2 is not valid: should have items of p, q, found 'z'",
		"dict = a:1,b":     `s.dict from a.conf:2 is not valid: Value should be NAME:VALUE pairs separated by ",", found 'a:1,b'`,
		"dict = a:1,a:2":   "s.dict from a.conf:2 is not valid: Duplicate key a, found 'a:1,a:2'",
		"dict = :1":        "s.dict from a.conf:2 is not valid: Key name should not be empty, found ':1'",
	} {
		t.Run(line, func(t *testing.T) {
			_, err := fillKinds(t, line)
			if err == nil || err.Error() != "Value for option "+want {
				t.Errorf("got  %v\nwant Value for option %s", err, want)
			}
		})
	}
}

func TestFillReportsAll(t *testing.T) {
	got, err := fillKinds(t, "port = x\nint = y\nbool = no\nfloat = z")
	var wrong ini.ValueErrors
	if !errors.As(err, &wrong) || len(wrong) != 3 {
		t.Fatalf("got %v, want three errors", err)
	}
	for i, line := range []int{2, 3, 5} {
		if wrong[i].Pos.Line != line {
			t.Errorf("error %d is of line %d, want %d", i, wrong[i].Pos.Line, line)
		}
	}
	if got.Bool || got.Int != 5 || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("right values are lost or defaults are: %+v", got)
	}
}

func TestArgumentErrorNamesItsPlace(t *testing.T) {
	src := source(t)
	src.SetArg("DEFAULT", "int", "x")
	err := src.Fill(&kinds{}, "DEFAULT")
	if err == nil || !strings.HasPrefix(err.Error(), "Value for option int from the command line is not valid: ") {
		t.Errorf("got %v", err)
	}
}

func TestDescribe(t *testing.T) {
	options := ini.Describe(&struct {
		A int `ini:"a" default:"1" deprecated:"b,DEFAULT/c" cli:"x,long" help:"Text." accept:"true" secret:"true"`
	}{})
	o := options[0]
	if len(options) != 1 || o.Name != "a" || o.Kind != ini.KindInt || !o.HasDefault || o.Help != "Text." ||
		!o.Accept || !o.Secret || len(o.CLI) != 2 || o.Deprecated[1] != (ini.Name{Section: "DEFAULT", Key: "c"}) {
		t.Errorf("got %+v", options)
	}
}

func TestImpossibleTagsPanic(t *testing.T) {
	for name, v := range map[string]any{
		"type": &struct {
			A chan int `ini:"a"`
		}{},
		"no name": &struct {
			A int `ini:""`
		}{},
		"limit": &struct {
			A int `ini:"a" min:"x"`
		}{},
		"default": &struct {
			A int `ini:"a" default:"x"`
		}{},
		"unlisted": &struct {
			A string `ini:"a" default:"x" choices:"y"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = ini.NewSource(nil).Fill(v, "s")
		})
	}
}

func FuzzFill(f *testing.F) {
	for _, seed := range []string{"a,b", "[a,'b,c']", "k:v,z:y", "1", "-5", "$s.list$$", "true", "[\"", "1e308"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := ini.NewSource(nil)
		for _, name := range []string{"bool", "int", "float", "list", "bounded", "ports", "dict", "secret"} {
			src.SetArg("s", name, text)
		}
		var v kinds
		err := src.Fill(&v, "s")
		if v.Int < 0 || v.Int > 10 || v.Float < 0 || v.Float > 1 {
			t.Errorf("limits are not kept: %d %f", v.Int, v.Float)
		}
		var wrong ini.ValueErrors
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("got %v", err)
		}
		for _, e := range wrong {
			if e.Option == "s.secret" && e.Msg != "should be one of a, b" {
				t.Errorf("a secret shows: %s", e.Msg)
			}
		}
	})
}
