package metadefs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/metadata"
	"glance/internal/metadefs"
)

const wholeFile = `{
    "namespace": "OS::N",
    "display_name": "A_name & more!",
    "description": null,
    "visibility": "public",
    "protected": true,
    "resource_type_associations": [
        {
            "name": "R",
            "prefix": "p:",
            "properties_target": null
        }
    ],
    "properties": {
        "a": {
            "title": "<é>",
            "minimum": 1.50
        },
        "z": {
            "type": "string",
            "enum": []
        }
    },
    "objects": [
        {
            "name": "o",
            "description": "d",
            "properties": {
                "y": {},
                "x": null
            }
        }
    ],
    "tags": [
        {
            "name": "t2"
        },
        {
            "name": "t1"
        }
    ]
}
`

// What was loaded is exported as it was, but for the spelling of letters that
// are not ASCII.
func TestExport(t *testing.T) {
	l, in, out := newLoader(t), t.TempDir(), t.TempDir()
	file := write(t, in, "in.json", wholeFile)
	l.wants(file, metadefs.LoadOptions{}, "INFO File ", finished)
	for _, line := range []string{"Namespace OS::N saved in " + out + "/Anamemore.json", "Overwriting: " + out + "/Anamemore.json"} {
		if err := l.Export(t.Context(), out); err != nil || !strings.Contains(l.log.String(), line) {
			t.Errorf("%v, log %s, want %s", err, &l.log, line)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "Anamemore.json"))
	if err != nil || string(text) != strings.ReplaceAll(wholeFile, "é", `\u00e9`) {
		t.Errorf("exported %s, %v", text, err)
	}
	l.log.Reset()
	if err := l.Export(t.Context(), out+"/missing"); err != nil || !strings.Contains(l.log.String(), "level=ERROR msg=\"Namespace OS::N cannot be saved\"") {
		t.Errorf("without a directory: %v, log %s", err, &l.log)
	}
}

// No namespace is written over another, nor outside of the directory.
func TestExportNames(t *testing.T) {
	l, in, out := newLoader(t), t.TempDir(), t.TempDir()
	for name, display := range map[string]string{
		"1": `"Same Name"`, "2": `"same_name"`, "3": "null", "4": `"../../etc/passwd"`, "::": `"..."`, "é/ü": `"_"`,
	} {
		write(t, in, strings.NewReplacer("/", "", ":", "c").Replace(name)+".json", `{"namespace": "`+name+`", "display_name": `+display+`}`)
	}
	if err := l.Load(t.Context(), in, metadefs.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Export(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := "-5.json 3.json SameName.json etcpasswd.json samename2.json éü.json"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	other := newLoader(t)
	if err := other.Load(t.Context(), out, metadefs.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	all, err := other.Database.Namespaces(t.Context(), metadata.Everything(), metadata.NamespaceQuery{Limit: -1, Sort: "namespace"})
	if err != nil || len(all) != 6 {
		t.Errorf("%d namespaces come back, %v", len(all), err)
	}
}

// FuzzParseNamespace: what is read is written and read again as the same.
func FuzzParseNamespace(f *testing.F) {
	f.Add([]byte(wholeFile))
	f.Add([]byte(`{"namespace":"N","properties":{"a":1,"b":[],"a":"é"},"objects":[{"name":"o"}]}`))
	f.Add([]byte(`{"namespace":"N","properties":null,"tags":[{"name":"\ud83d"}],"owner":"o"}`))
	f.Add([]byte(`{"namespace":["`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ns, err := metadefs.ParseNamespace(text)
		if err != nil {
			return
		}
		once, err := metadefs.FormatNamespace(ns)
		if err != nil {
			t.Fatal(err)
		}
		again, err := metadefs.ParseNamespace(once)
		if err != nil {
			t.Fatalf("%v in %s", err, once)
		}
		twice, err := metadefs.FormatNamespace(again)
		if err != nil || string(twice) != string(once) {
			t.Errorf("%s\nbecomes %s, %v", once, twice, err)
		}
	})
}
