package rules_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"glance/internal/rules"
)

// naive evaluates a rule the slow way: each check becomes T or F, then the text
// is rewritten, innermost first, until one letter is left or nothing fits.
func naive(rule string) bool {
	if rule == "" {
		return true
	}
	var b strings.Builder
	for _, word := range strings.Fields(rule) {
		for strings.HasPrefix(word, "(") {
			b.WriteString(" ( ")
			word = word[1:]
		}
		quoted := regexp.MustCompile(`^(".*"|'.*')$`).MatchString(word) && len(word) > 1
		tail := 0
		for strings.HasSuffix(word, ")") {
			word, tail = word[:len(word)-1], tail+1
		}
		switch lower := strings.ToLower(word); {
		case word == "":
		case lower == "and" || lower == "or" || lower == "not":
			b.WriteString(" " + lower + " ")
		case quoted:
			b.WriteString(" ? ")
		case naiveCheck(word):
			b.WriteString(" T ")
		default:
			b.WriteString(" F ")
		}
		b.WriteString(strings.Repeat(" ) ", tail))
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	// One rewrite at a time, the tightest binding first; "and" and "or" only
	// between operands that nothing tighter still claims.
	steps := [][2]string{
		{"not T", "F"},
		{"not F", "T"},
		{"( T )", "T"},
		{"( F )", "F"},
		{"T and T", "T"},
		{"T and F", "F"},
		{"F and T", "F"},
		{"F and F", "F"},
	}
	for {
		next := text
		for _, step := range steps {
			if next = strings.Replace(text, step[0], step[1], 1); next != text {
				break
			}
		}
		if next == text {
			next = rewriteOr(text)
		}
		if next == text {
			return text == "T"
		}
		text = next
	}
}

// rewriteOr joins two operands when no and follows that could still claim the
// second one.
func rewriteOr(text string) string {
	words := strings.Split(text, " ")
	letter := func(i int) bool { return i < len(words) && (words[i] == "T" || words[i] == "F") }
	for i := range words {
		if i > 0 && words[i] == "or" && letter(i-1) && letter(i+1) && (i+2 == len(words) || words[i+2] != "and") {
			joined := "F"
			if words[i-1] == "T" || words[i+1] == "T" {
				joined = "T"
			}
			out := append(append(append([]string{}, words[:i-1]...), joined), words[i+2:]...)
			return strings.Join(out, " ")
		}
	}
	return text
}

var quotedKind = regexp.MustCompile(`^'[^']*'$`)

var substitution = regexp.MustCompile(`%\(([^()]*)\)s`)

func naiveCheck(word string) bool {
	if word == "@" {
		return true
	}
	kind, match, ok := strings.Cut(word, ":")
	if !ok {
		return false
	}
	for _, key := range substitution.FindAllStringSubmatch(match, -1) {
		if _, ok := image[key[1]]; !ok {
			return false
		}
	}
	match = substitution.ReplaceAllStringFunc(match, func(s string) string { return image[s[2:len(s)-2]] })
	switch {
	case kind == "role":
		return alice.HasRole(match)
	case kind == "rule":
		return false // there are no others
	case quotedKind.MatchString(kind):
		return strings.Trim(kind, "'") == match
	}
	return alice.Is(kind, match)
}

var vocabulary = []string{
	"@", "!", "role:member", "role:admin", "project_id:%(owner)s", "'p-beta':%(owner)s", "'True':%(protected)s",
	"user_id:%(missing)s", "rule:other", "nonsense",
}

// grow makes a random expression, usually a well formed one.
func grow(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return vocabulary[r.IntN(len(vocabulary))]
	}
	switch r.IntN(7) {
	case 0:
		return "not " + grow(r, depth-1)
	case 1:
		return "(" + grow(r, depth-1) + ")"
	case 2:
		return "( " + grow(r, depth-1) + " )"
	case 3, 4:
		return grow(r, depth-1) + " and " + grow(r, depth-1)
	case 5:
		return grow(r, depth-1) + " Or " + grow(r, depth-1)
	default: // now and then something broken
		words := strings.Fields(grow(r, depth-1))
		if len(words) == 0 {
			return "and"
		}
		i := r.IntN(len(words))
		return strings.Join(append(words[:i:i], words[i+1:]...), " ")
	}
}

func TestAgreesWithNaiveEvaluator(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range 20000 {
		rule := grow(r, 5)
		check, _ := rules.Parse(rule)
		got := ask(t, check)
		if want := naive(rule); got != want {
			t.Fatalf("%q: %v, naively %v", rule, got, want)
		}
		if got {
			held++
		}
	}
	if held < 2000 || held > 18000 {
		t.Errorf("%d of 20000 rules hold: the generator tests one side only", held)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("role:admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))")
	f.Add("not ('aki':%(container_format)s and role:_member_)")
	f.Add("'A-Fake-Tenant-Id':%(owner)s")
	f.Add("((@ or !) and not @")
	f.Add("rule:default")
	f.Add("http://host/%(owner)s")
	f.Add("project_id:%(a(b)c)s%%")
	for _, word := range vocabulary {
		f.Add(word)
	}
	unknown := regexp.MustCompile(`[0-9%"()\\]|https?:`)
	f.Fuzz(func(t *testing.T, rule string) {
		check, err := rules.Parse(rule)
		set := rules.NewSet(map[string]*rules.Check{"r": check}, "", nil)
		got, evalErr := set.Allowed(t.Context(), "r", image, alice)
		if evalErr != nil && got {
			t.Error("allowed in spite of an error")
		}
		_ = set.Problems()
		if evalErr != nil {
			return // a broken check: the naive evaluator knows none
		}
		// The naive evaluator is slow and knows neither numbers nor conversions nor URLs.
		bare := strings.NewReplacer("%(owner)s", "", "%(missing)s", "", "%(protected)s", "").Replace(rule)
		if len(rule) > 200 || unknown.MatchString(bare) || strings.Contains(rule, "rule:") || strings.Contains(rule, "None:") ||
			strings.Contains(rule, "True:") || strings.Contains(rule, "False:") {
			return
		}
		if want := naive(rule); got != want {
			t.Errorf("%q: %v (%v), naively %v", rule, got, err, want)
		}
	})
}
