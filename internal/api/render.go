package api

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

const (
	typeHTML  = "text/html; charset=UTF-8"
	typePlain = "text/plain; charset=UTF-8"
	typeJSON  = "application/json"
)

// bodyTemplate is the text that most errors share between the renderings.
const bodyTemplate = "${explanation}<br /><br />\n${detail}\n\n"

// render writes an error in the form that the request prefers (spec images-v2
// §1.4). Compat: clients scrape these texts to the byte; see the recordings
// errors-rendering-*.
func render(r *http.Request, a answer) (contentType, body string) {
	words := statusTexts[a.status]
	status := strconv.Itoa(a.status) + " " + words.title
	switch form := preferred(r.Header.Values("Accept"), "text/html", "application/json"); {
	case r.Method == http.MethodHead:
		// Compat: the original sends the length 0, not that of the body it leaves out.
		return typeHTML, ""
	case form == "text/html":
		return typeHTML, "<html>\n <head>\n  <title>" + status + "</title>\n </head>\n <body>\n  <h1>" + status +
			"</h1>\n  " + bodyText(r, a, words, escapeHTML) + "\n </body>\n</html>"
	case form == "application/json":
		b := append([]byte(`{"message": `), quoteJSON(bodyText(r, a, words, verbatim))...)
		b = append(append(b, `, "code": `...), quoteJSON(status)...)
		b = append(append(b, `, "title": `...), quoteJSON(words.title)...)
		return typeJSON, string(append(b, '}'))
	default:
		return typePlain, status + "\n\n" + stripTags(bodyText(r, a, words, verbatim))
	}
}

func verbatim(s string) string { return s }

// bodyText is the text of an error; escape treats whatever comes from outside.
func bodyText(r *http.Request, a answer, words statusText, escape func(string) string) string {
	if a.alone {
		return escape(a.explanation)
	}
	explanation, detail := cmp.Or(a.explanation, words.explanation), a.detail
	if words.template != "" {
		// These templates have no place for the explanation; it shall not get lost.
		detail = cmp.Or(a.detail, a.explanation)
	}
	mediaType := "${CONTENT_TYPE}" // Compat: the original leaves the placeholder standing (recording patch-media-types)
	if values := r.Header.Values("Content-Type"); len(values) > 0 {
		mediaType = values[0]
	}
	return strings.NewReplacer(
		"${explanation}", escape(explanation),
		"${detail}", escape(detail),
		"${method}", escape(r.Method),
		"${type}", escape(mediaType),
	).Replace(cmp.Or(words.template, bodyTemplate))
}

// escapeHTML escapes & < > " ' and writes non-ASCII characters as numbers.
func escapeHTML(s string) string {
	s = strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(s))
	var b strings.Builder
	for _, c := range s {
		if c < 0x80 {
			b.WriteByte(byte(c))
		} else {
			fmt.Fprintf(&b, "&#%d;", c)
		}
	}
	return b.String()
}

var (
	breakTag   = regexp.MustCompile(`(?is)<br.*?>`)
	anyTag     = regexp.MustCompile(`(?s)<.*?>`)
	commentTag = strings.NewReplacer("<!--", "", "-->", "")
	newLines   = strings.NewReplacer("\n", " ", "\r", "")
)

// stripTags makes plain text of HTML. Compat: what looks like a tag in a user's
// own text goes too (recording errors-rendering-400).
func stripTags(s string) string {
	s = breakTag.ReplaceAllLiteralString(newLines.Replace(s), "\n")
	return anyTag.ReplaceAllLiteralString(commentTag.Replace(s), "")
}

// quoteJSON writes a JSON string of ASCII characters only.
func quoteJSON(s string) []byte {
	b := []byte{'"'}
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c >= ' ' && c <= '~':
			b = append(b, byte(c))
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, c)
		}
	}
	return append(b, '"')
}
