package config

import (
	"regexp"
	"strings"
)

const mask = "****"

var (
	secretName = regexp.MustCompile(`(?i)passw|secret|token$|(^|[_-])key$|hmac_keys`)
	urlUser    = regexp.MustCompile(`(://[^:/@\s]*):\S*@`)
	bareUser   = regexp.MustCompile(`([\w.%+-]+):[^\s@,/][^\s@,]*@`) // without ://, as in a list of proxies
	urlQuery   = regexp.MustCompile(`(?i)([?&](?:passw[a-z]*|secret|token)=)[^&\s]*`)
)

// MaskURL hides the password of every URL in a text, whatever the URL is for.
func MaskURL(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urlQuery.ReplaceAllString(urlUser.ReplaceAllString(text, "$1:"+mask+"@"), "$1"+mask)
}

// maskValue is the value of an option as it may be shown.
func maskValue(name, value string, secret bool) string {
	if value != "" && (secret || secretName.MatchString(name)) {
		if shown := MaskURL(value); shown != value {
			return shown // a connection URL: all but its password is of use
		}
		return mask
	}
	return bareUser.ReplaceAllString(MaskURL(value), "$1:"+mask+"@")
}

// maskArgs is a command line as it may be shown.
func maskArgs(flags []Flag, args []string) []string {
	shown := make([]string, len(args))
	hide := false
	for i, arg := range args {
		switch {
		case hide:
			shown[i] = maskValue("", arg, true)
			hide = false
		case strings.HasPrefix(arg, "--"):
			shown[i], hide = maskLong(flags, arg)
		case strings.HasPrefix(arg, "-"):
			shown[i], hide = maskShort(flags, arg)
		default:
			shown[i] = MaskURL(arg)
		}
	}
	return shown
}

// maskLong masks --name=value, and tells whether the next word is a secret.
func maskLong(flags []Flag, arg string) (shown string, hideNext bool) {
	name, value, has := strings.Cut(arg[2:], "=")
	secret := secretName.MatchString(name)
	for _, m := range matchLong(flags, name) {
		secret = secret || m.flag.Secret
	}
	if !has {
		return arg, secret
	}
	return "--" + name + "=" + maskValue(name, value, secret), false
}

func maskShort(flags []Flag, arg string) (shown string, hideNext bool) {
	for i, letter := range arg[1:] {
		for _, f := range flags {
			if f.Short != string(letter) || f.Bool {
				continue
			}
			rest := arg[1+i+len(string(letter)):]
			if !f.Secret || rest == "" {
				return MaskURL(arg), f.Secret
			}
			return strings.TrimSuffix(arg, rest) + mask, false
		}
	}
	return MaskURL(arg), false
}

// visibleArg is an argument as an error may repeat it.
func visibleArg(arg string) string {
	shown, _ := maskLong(nil, "--"+strings.TrimLeft(arg, "-"))
	return arg[:len(arg)-len(strings.TrimLeft(arg, "-"))] + strings.TrimPrefix(shown, "--")
}
