package jsonpatch

import (
	"fmt"
	"strings"
)

// Draft is a dialect of JSON patch.
type Draft int

// The dialects.
const (
	Draft10 Draft = iota // {"op": "add", "path": "/a", "value": …}
	Draft4               // {"add": "/a", "value": …}; add refuses to overwrite
)

// Op is what an operation does.
type Op string

// The operations there are; test, move and copy are refused.
const (
	Add     Op = "add"
	Replace Op = "replace"
	Remove  Op = "remove"
)

// Operation is one operation of a patch.
type Operation struct {
	Op       Op
	Pointer  string   // as it was sent
	Path     []string // its tokens, unescaped; at least one
	Value    any
	HasValue bool
}

// Error is a fault of the patch; its text is for the user.
type Error struct{ Text string }

// Error gives the text.
func (e *Error) Error() string { return e.Text }

func fault(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Elements gives the operations of a patch that was decoded from JSON, not yet
// read: a fault of one is reported only when its turn comes.
func Elements(doc any) ([]any, error) {
	list, ok := doc.([]any)
	if !ok {
		return nil, fault("Request body must be a JSON array of operation objects.")
	}
	return list, nil
}

// Read reads one operation.
func Read(element any, draft Draft) (Operation, error) {
	members, ok := element.(map[string]any)
	if !ok {
		return Operation{}, fault("Operations must be JSON objects.")
	}
	readHead := readDraft10
	if draft == Draft4 {
		readHead = readDraft4
	}
	op, pointer, err := readHead(members)
	if err != nil {
		return Operation{}, err
	}
	path, err := splitPointer(pointer)
	if err != nil {
		return Operation{}, err
	}
	value, hasValue := members["value"]
	return Operation{Op: op, Pointer: pointer, Path: path, Value: value, HasValue: hasValue}, nil
}

// RequireValue fails when an operation that needs a value has none.
func (o Operation) RequireValue() error {
	if o.Op != Remove && !o.HasValue {
		return fault("Operation \"%s\" requires a member named \"value\".", o.Op)
	}
	return nil
}

func readDraft10(members map[string]any) (Op, string, error) {
	const known = "It must be one of the following: add, remove, replace."
	op, ok := members["op"]
	if !ok {
		return "", "", fault("Unable to find `op` in JSON Schema change. %s", known)
	}
	switch op {
	case "add", "replace", "remove":
	default:
		return "", "", fault("Invalid operation: `%v`. %s", op, known)
	}
	path, ok := members["path"]
	if !ok {
		return "", "", fault("Unable to find 'path' in JSON Schema change")
	}
	pointer, err := pointerText(path)
	name, _ := op.(string)
	return Op(name), pointer, err
}

func readDraft4(members map[string]any) (Op, string, error) {
	var op Op
	for _, candidate := range []Op{Add, Replace, Remove} {
		if _, ok := members[string(candidate)]; !ok {
			continue
		}
		if op != "" {
			return "", "", fault(`Operation objects must contain only one member named "add", "remove", or "replace".`)
		}
		op = candidate
	}
	if op == "" {
		return "", "", fault(`Operation objects must contain exactly one member named "add", "remove", or "replace".`)
	}
	pointer, err := pointerText(members[string(op)])
	return op, pointer, err
}

func pointerText(v any) (string, error) {
	pointer, ok := v.(string)
	if !ok {
		return "", fault("Pointer `%v` is not a string.", v)
	}
	return pointer, nil
}

// splitPointer checks a JSON pointer and gives its tokens.
func splitPointer(pointer string) ([]string, error) {
	switch {
	case !strings.HasPrefix(pointer, "/"):
		return nil, fault("Pointer `%s` does not start with \"/\".", pointer)
	case hasEmptyToken(pointer[1:]):
		return nil, fault("Pointer `%s` contains adjacent \"/\".", pointer)
	case len(pointer) > 1 && strings.HasSuffix(pointer, "/"):
		return nil, fault("Pointer `%s` end with \"/\".", pointer)
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, token := range tokens {
		plain, ok := unescape(token)
		if !ok {
			return nil, fault("Pointer `%s` contains \"~\" not part of a recognized escape sequence.", pointer)
		}
		tokens[i] = strings.TrimSpace(plain)
	}
	return tokens, nil
}

// hasEmptyToken reports whether two slashes of the pointer, whose first one is
// cut off, have nothing but blanks between them. Compat: two slashes at the
// very beginning count as a trailing slash (golden patch-pointer-escapes).
func hasEmptyToken(rest string) bool {
	tokens := strings.Split(rest, "/")
	for _, token := range tokens[:len(tokens)-1] {
		if strings.TrimSpace(token) == "" {
			return len(rest) > 1
		}
	}
	return false
}

func unescape(token string) (string, bool) {
	bare := strings.NewReplacer("~0", "", "~1", "").Replace(token)
	if strings.Contains(bare, "~") {
		return "", false
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~"), true
}
