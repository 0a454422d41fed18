package house_test

import (
	"path"
	"slices"
	"strings"
)

// row says what one package, or every package that a pattern matches, may import.
type row struct {
	room string // folder below internal/, or cmd/…; path.Match pattern
	may  []string
	// foreign packages may use libraries from outside; the others only the standard library.
	foreign bool
	never   []string // packages of the standard library
	driver  bool     // stands in the list all/all.go of its family
	suite   bool     // conformance tests: only tests import it
}

// The floors, lowest first. A package imports what its row names and nothing else of ours.
var (
	libraries = []string{"clienttls", "imgformat", "rules", "jsonpatch", "jsonschema", "ini", "journal", "multihash", "lifecycle", "oslolog", "texttable"}
	sockets   = []string{"store", "metadata", "auth", "policy", "quota", "notify", "cache", "signature"}
	verbs     = []string{"images", "importflow", "metadefs", "housekeeping"}
)

// table is the whole import graph. The first row that matches a package counts, so exact names stand before patterns.
// Tests are free: they may set up what their package must not know.
var table = slices.Concat(
	[]row{
		{room: "cmd/*", may: []string{"app", "control", "config"}, foreign: true},
		{room: "app", may: []string{"**"}, foreign: true},
		{room: "config", may: []string{"ini"}, foreign: true},
		{room: "control", may: []string{"config", "lifecycle"}},

		{room: "api", may: []string{"glance", "auth", "ini", "oslolog"}},
		{room: "api/v2", may: slices.Concat([]string{"api", "glance", "jsonpatch", "jsonschema"}, verbs)},
		{room: "api/v1", may: []string{"api", "images", "glance"}},
		{room: "registry", may: []string{"api", "metadata", "metadata/wire", "glance"}},
		{room: "console", may: []string{"api", "images", "glance"}},

		{room: "images", may: slices.Concat(sockets, []string{"glance"}, libraries), never: []string{"net/http"}},
		{room: "importflow", may: slices.Concat([]string{"images", "glance", "imgformat"}, sockets)},
		{room: "importflow/method", may: []string{"importflow", "glance", "imgformat"}},
		{room: "importflow/plugin", may: []string{"importflow", "glance", "imgformat"}},
		{room: "metadefs", may: []string{"metadata", "policy", "notify", "glance"}},
		// Clients of other servers.
		{room: "cacheclient", may: []string{"glance"}},
		{room: "replicate", may: []string{"glance", "multihash"}},
		{room: "housekeeping", may: []string{"images", "store", "metadata", "cache", "glance"}},
	},
	[]row{
		{room: "metadata/wire", may: []string{"glance"}},
		{room: "metadata/sqldb", may: []string{"metadata", "metadata/sqldb/migrations", "glance", "clienttls"}, foreign: true, driver: true},
		{room: "metadata/sealed", may: []string{"metadata", "glance"}},
		{room: "metadata/sqldb/migrations", may: []string{"glance"}, foreign: true},
	},
	family("store", "glance", "clienttls"),
	family("metadata", "glance", "metadata/wire"),
	family("auth", "glance", "clienttls"),
	family("policy", "glance", "rules"),
	family("quota", "glance"),
	family("notify", "glance"),
	family("cache", "glance"),
	family("signature", "glance"),
	[]row{{room: "glance"}},
	floorZero(),
)

// family is a socket: its contract, its list of drivers, its suite, its drivers. No driver knows another one.
func family(name string, may ...string) []row {
	contract := slices.DeleteFunc(slices.Clone(may), func(m string) bool { return strings.HasPrefix(m, name+"/") })
	within := append([]string{name}, may...)
	return []row{
		{room: name, may: contract},
		{room: name + "/all", may: append([]string{name, name + "/*", "ini"}, contract...)},
		{room: name + "/" + name + "test", may: within, foreign: true, suite: true},
		{room: name + "/*", may: within, foreign: true, driver: true},
	}
}

func floorZero() []row {
	var rows []row
	for _, l := range libraries {
		rows = append(rows, row{room: l, foreign: true})
	}
	return rows
}

func lookup(room string) (row, bool) {
	for _, r := range table {
		if matches(r.room, room) {
			return r, true
		}
	}
	return row{}, false
}

// allows tells whether a package of ours may be imported. "**" is everything below the programs but the other builder.
func (r row) allows(room string) bool {
	target, _ := lookup(room)
	return !target.suite && slices.ContainsFunc(r.may, func(m string) bool {
		if m == "**" {
			return room != "control" && !strings.HasPrefix(room, "cmd/")
		}
		return matches(m, room)
	})
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
