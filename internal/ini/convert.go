package ini

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// convert turns the text of an option into its value, by the rules of spec
// config §1. A nil value means unset. Errors say what would be right; they
// repeat the text unless the option is secret.
func convert(o Option, texts []string) (any, error) {
	text := texts[len(texts)-1]
	switch o.Kind {
	case KindBool:
		return parseBool(o, text)
	case KindInt:
		return parseInt(o, text)
	case KindFloat:
		return parseFloat(o, text)
	case KindDict:
		return parseDict(o, text)
	case KindList, KindBounded:
		return parseList(o, text)
	case KindMulti:
		return MultiStr(texts), nil
	default:
		return parseString(o, text)
	}
}

func parseBool(o Option, text string) (any, error) {
	switch strings.ToLower(text) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return nil, found(o, "should be true or false", text)
}

func parseInt(o Option, text string) (any, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || (o.Min != "" && n < limit(o.Min)) || (o.Max != "" && n > limit(o.Max)) {
		return nil, found(o, "should be a whole number"+o.between(), text)
	}
	return n, nil
}

func limit(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("ini: limit of a whole number: " + text)
	}
	return n
}

func parseFloat(o Option, text string) (any, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	low, high := math.Inf(-1), math.Inf(1)
	if o.Min != "" {
		low = float(o.Min)
	}
	if o.Max != "" {
		high = float(o.Max)
	}
	if err != nil || math.IsNaN(f) || f < low || f > high {
		return nil, found(o, "should be a number"+o.between(), text)
	}
	return f, nil
}

// float reads a limit, which newOption has checked.
func float(text string) float64 {
	f, _ := strconv.ParseFloat(text, 64)
	return f
}

func (o Option) between() string {
	switch {
	case o.Min != "" && o.Max != "":
		return " from " + o.Min + " to " + o.Max
	case o.Min != "":
		return " not below " + o.Min
	case o.Max != "":
		return " not above " + o.Max
	default:
		return ""
	}
}

func parseString(o Option, text string) (any, error) {
	if len(o.Choices) == 0 || slices.Contains(o.Choices, text) {
		return text, nil
	}
	if o.Fold {
		for _, choice := range o.Choices {
			if strings.EqualFold(choice, text) {
				return choice, nil
			}
		}
	}
	return nil, found(o, "should be one of "+strings.Join(o.Choices, ", "), text)
}

func parseList(o Option, text string) (any, error) {
	text = strings.TrimRight(strings.TrimSpace(text), ",")
	if o.Kind == KindBounded {
		if !strings.HasPrefix(text, "[") {
			return nil, found(o, `Value should start with "["`, text)
		}
		if len(text) < 2 || !strings.HasSuffix(text, "]") {
			return nil, found(o, `Value should end with "]"`, text)
		}
		text = strings.TrimRight(strings.TrimSpace(text[1:len(text)-1]), ",")
	}
	items, err := splitItems(o, text)
	if err != nil {
		return nil, err
	}
	if o.typ.Elem().Kind() != reflect.Int {
		return items, nil
	}
	numbers := make([]int, 0, len(items))
	for _, item := range items {
		n, err := parseInt(o, item)
		if err != nil {
			return nil, err
		}
		if n != nil {
			numbers = append(numbers, int(n.(int64)))
		}
	}
	return numbers, nil
}

// splitItems splits at commas. The items of a bounded list may be quoted, and
// a comma inside quotes belongs to the item.
func splitItems(o Option, text string) ([]string, error) {
	items := []string{}
	if text == "" {
		return items, nil
	}
	parts := strings.Split(text, ",")
	for len(parts) > 0 {
		item := parts[0]
		parts = parts[1:]
		for o.Kind == KindBounded && openQuote(item) {
			if len(parts) == 0 {
				return nil, found(o, "has a quote that is not closed", text)
			}
			item += "," + parts[0]
			parts = parts[1:]
		}
		item = strings.TrimSpace(item)
		if o.Kind == KindBounded && item != "" && strings.ContainsAny(item[:1], `"'`) {
			item = item[1 : len(item)-1]
		}
		if err := checkItem(o, item); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func openQuote(item string) bool {
	item = strings.TrimSpace(item)
	return item != "" && (item[0] == '"' || item[0] == '\'') && (len(item) == 1 || item[len(item)-1] != item[0])
}

func checkItem(o Option, item string) error {
	if len(o.Choices) == 0 || slices.Contains(o.Choices, item) {
		return nil
	}
	return found(o, "should have items of "+strings.Join(o.Choices, ", "), item)
}

// parseDict reads k:v,k2:v2. An item without a colon belongs to the one behind
// it, as the original has it.
func parseDict(o Option, text string) (any, error) {
	dict := Dict{}
	text = strings.TrimSpace(text)
	if text == "" {
		return dict, nil
	}
	pending := ""
	for item := range strings.SplitSeq(text, ",") {
		pending += item
		key, value, ok := strings.Cut(pending, ":")
		if !ok {
			pending += ","
			continue
		}
		pending = ""
		key = strings.TrimSpace(key)
		if key == "" {
			return nil, found(o, "Key name should not be empty", text)
		}
		if _, twice := dict.Get(key); twice {
			return nil, found(o, "Duplicate key "+key, text)
		}
		dict = append(dict, Pair{key, strings.TrimSpace(value)})
	}
	if pending != "" {
		return nil, found(o, `Value should be NAME:VALUE pairs separated by ","`, text)
	}
	return dict, nil
}

// found is the error of a wrong value.
func found(o Option, right, text string) error {
	if o.Secret {
		return errors.New(right)
	}
	return fmt.Errorf("%s, found %s", right, quote(text))
}
