package api

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
)

// Healthcheck is the section [healthcheck] (spec config §4.10). Its fields are
// those of the configuration, so that one converts into the other.
type Healthcheck struct {
	Path           string   // that a filter answers; an application answers any
	Detailed       bool     // tell more about this node
	Backends       []string // disable_by_file, disable_by_files_ports, enable_by_files
	DisableByFile  string
	DisableByPorts []string // port:path
	EnableByFiles  []string
	AllowedSources []string // networks (CIDR) or addresses; none means all
	IgnoreProxied  bool
}

// Health answers whether this node shall get requests (spec images-v2 §3.3).
// Files are looked for at every request. Compat: every method gets an answer,
// and bodies are those of the recordings healthcheck-*.
type Health struct {
	config  Healthcheck
	checks  []func(r *http.Request) finding
	sources []netip.Prefix
}

// finding is what one backend says.
type finding struct {
	class, reason, details string
	bad                    bool
}

// NewHealth checks the configuration; the error names what is wrong in it.
func NewHealth(c Healthcheck) (*Health, error) {
	h := &Health{config: c}
	for _, name := range c.Backends {
		check, err := c.backend(name)
		if err != nil {
			return nil, err
		}
		h.checks = append(h.checks, check)
	}
	for _, text := range c.AllowedSources {
		network, err := parseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("allowed_source_ranges: %q is no network", text)
		}
		h.sources = append(h.sources, network)
	}
	return h, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		return netip.PrefixFrom(addr, addr.BitLen()), err
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}

func (c Healthcheck) backend(name string) (func(*http.Request) finding, error) {
	switch name {
	case "disable_by_file":
		return func(*http.Request) finding { return disabledBy("DisableByFileHealthcheck", c.DisableByFile) }, nil
	case "disable_by_files_ports":
		paths := map[string]string{}
		for _, entry := range c.DisableByPorts {
			port, path, ok := strings.Cut(entry, ":")
			if _, err := strconv.ParseUint(port, 10, 16); !ok || err != nil {
				return nil, fmt.Errorf("disable_by_file_paths: %q is not port:path", entry)
			}
			paths[port] = path
		}
		return func(r *http.Request) finding {
			return disabledBy("DisableByFilesPortsHealthcheck", paths[localPort(r)])
		}, nil
	case "enable_by_files":
		return func(*http.Request) finding { return c.enabled() }, nil
	}
	return nil, fmt.Errorf("there is no healthcheck backend %q", name)
}

func disabledBy(class, path string) finding {
	switch {
	case path == "":
		return finding{class: class, reason: "OK", details: "No 'disable_by_file_path' configuration value specified"}
	case exists(path):
		return finding{class: class, reason: "DISABLED BY FILE", details: "Path '" + path + "' was found", bad: true}
	}
	return finding{class: class, reason: "OK", details: "Path '" + path + "' was not found"}
}

func (c Healthcheck) enabled() finding {
	const class = "EnableByFilesHealthcheck"
	for _, path := range c.EnableByFiles {
		if !exists(path) {
			return finding{class: class, reason: "FILE PATH MISSING", details: "File path " + path + " is missing", bad: true}
		}
	}
	return finding{class: class, reason: "OK", details: "Specified file paths are available"}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func localPort(r *http.Request) string {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(addr.String()); err == nil {
			return port
		}
	}
	return ""
}

// Wrap is the filter of older releases: it answers one path and leaves the
// rest to next.
func (h *Health) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == h.config.Path {
			h.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.mayAsk(r) {
		Fail(w, r, &glance.Error{Kind: glance.NotFound})
		return
	}
	findings := make([]finding, len(h.checks))
	for i, check := range h.checks {
		findings[i] = check(r)
	}
	bad := slices.ContainsFunc(findings, func(f finding) bool { return f.bad })
	if r.Method == http.MethodHead && !bad {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	mediaType, body := h.render(r, findings)
	writeHealth(w, r, bad, mediaType, body)
}

// mayAsk looks at the address of the client: behind the proxy filter, that is
// what the proxy says.
func (h *Health) mayAsk(r *http.Request) bool {
	if h.config.IgnoreProxied {
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
			if r.Header.Get(name) != "" {
				return false
			}
		}
	}
	if len(h.sources) == 0 {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	from, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(h.sources, func(n netip.Prefix) bool { return n.Contains(from.Unmap()) })
}

func (h *Health) render(r *http.Request, findings []finding) (mediaType, body string) {
	if r.Method == http.MethodHead {
		return typePlain, ""
	}
	switch preferred(r.Header.Values("Accept"), "text/plain", "text/html", "application/json") {
	case "text/html":
		return typeHTML, h.html(findings)
	case "application/json":
		return typeJSON, h.json(findings)
	}
	var reasons []string
	for _, f := range findings {
		reasons = append(reasons, f.reason)
	}
	return typePlain, strings.Join(reasons, "\n")
}

// json is indented by 4, with sorted keys.
func (h *Health) json(findings []finding) string {
	var reasons []string
	for _, f := range findings {
		if !h.config.Detailed {
			reasons = append(reasons, "        "+string(quoteJSON(f.reason)))
			continue
		}
		reasons = append(reasons, fmt.Sprintf("        {\n            \"class\": %s,\n            \"details\": %s,\n            \"reason\": %s\n        }",
			quoteJSON(f.class), quoteJSON(f.details), quoteJSON(f.reason)))
	}
	list := "[]"
	if reasons != nil {
		list = "[\n" + strings.Join(reasons, ",\n") + "\n    ]"
	}
	if !h.config.Detailed {
		return "{\n    \"detailed\": false,\n    \"reasons\": " + list + "\n}"
	}
	return fmt.Sprintf("{\n    \"detailed\": true,\n    \"now\": %s,\n    \"platform\": %s,\n    \"reasons\": %s\n}",
		quoteJSON(now()), quoteJSON(platform()), list)
}

func now() string { return time.Now().UTC().Format("2006-01-02 15:04:05.000000") }

func platform() string { return runtime.GOOS + "-" + runtime.GOARCH + " " + runtime.Version() }

func (h *Health) html(findings []finding) string {
	var b strings.Builder
	b.WriteString("<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n")
	if h.config.Detailed {
		fmt.Fprintf(&b, "<H1>Server status</H1>\n<B>Current time:</B><PRE>%s</PRE>\n<B>Platform:</B><PRE>%s</PRE>\n<HR></HR>",
			html.EscapeString(now()), html.EscapeString(platform()))
	}
	fmt.Fprintf(&b, "\n<H2>Result of %d checks:</H2>\n<TABLE bgcolor=\"#ffffff\" border=\"1\">\n<TBODY>\n<TR>\n", len(findings))
	if h.config.Detailed {
		b.WriteString("<TH>\nKind\n</TH>\n<TH>\nReason\n</TH>\n<TH>\nDetails\n</TH>\n</TR>\n")
	} else {
		b.WriteString("\n<TH>\nReason\n</TH>\n</TR>\n")
	}
	for _, f := range findings {
		b.WriteString("<TR>\n")
		if h.config.Detailed {
			fmt.Fprintf(&b, "    <TD>%s</TD>", html.EscapeString(f.class))
		}
		fmt.Fprintf(&b, "\n    <TD>%s</TD>\n", html.EscapeString(f.reason))
		if h.config.Detailed {
			fmt.Fprintf(&b, "    <TD>%s</TD>", html.EscapeString(f.details))
		}
		b.WriteString("\n</TR>\n")
	}
	b.WriteString("</TBODY>\n</TABLE>\n<HR></HR>\n\n</BODY>\n</HTML>")
	return b.String()
}
