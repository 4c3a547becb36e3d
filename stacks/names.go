package stacks

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// MaxName bounds names of components, variants, tests and the like.
const MaxName = 64

// ValidName reports whether s can name a component: lower-case letters, digits
// and . _ - , beginning with a letter or digit.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		case i > 0 && (r == '.' || r == '_' || r == '-'):
		default:
			return false
		}
	}
	return true
}

func checkName(d *tree.Decoder, name tree.Text, at diag.Range, what string) {
	if ValidName(name.V) {
		return
	}
	if name.V == "" {
		d.Add(diag.Errorf("bad-name", orRange(name.At, at), "a %s name is missing here", what))
		return
	}
	g := diag.Errorf("bad-name", orRange(name.At, at), "%q cannot be the name of a %s", name.V, what)
	if low := strings.ToLower(name.V); ValidName(low) {
		d.Add(g.WithHelp("names are lower-case: %q", low))
		return
	}
	d.Add(g.WithHelp("names are made of a-z, 0-9, '.', '_' and '-'"))
}

// ValidEnvName reports whether s can name an environment variable.
func ValidEnvName(s string) bool {
	for i, r := range s {
		switch {
		case r == '_', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		case i > 0 && r >= '0' && r <= '9':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// ValidPackage reports whether s can name a Debian package, with an optional
// architecture (libc6:arm64). It may not look like an option of apt.
func ValidPackage(s string) bool {
	name, arch, hasArch := strings.Cut(s, ":")
	if hasArch && !ValidName(arch) {
		return false
	}
	if len(name) < 2 || len(name) > 128 {
		return false
	}
	for i, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		case i > 0 && (r == '.' || r == '+' || r == '-'):
		default:
			return false
		}
	}
	return name[len(name)-1] != '-' && name[len(name)-1] != '+' || isKnownPlus(name)
}

// isKnownPlus allows names such as libstdc++ and g++; apt takes a final plus
// or minus sign as an instruction only where no package has that name.
func isKnownPlus(name string) bool { return strings.HasSuffix(name, "++") }

// CleanAbs returns p cleaned if it is an absolute path without dot-dot parts
// and without control characters.
func CleanAbs(p string) (string, bool) {
	if !strings.HasPrefix(p, "/") || len(p) > 4096 || hasControl(p) || hasDotDot(p) {
		return "", false
	}
	return path.Clean(p), true
}

// CleanRel returns p cleaned if it is a relative path that stays inside.
func CleanRel(p string) (string, bool) {
	if p == "" || strings.HasPrefix(p, "/") || len(p) > 4096 || hasControl(p) || hasDotDot(p) {
		return "", false
	}
	return path.Clean(p), true
}

// IsPattern reports whether a path of the build context is a pattern that
// several files may match.
func IsPattern(p string) bool { return strings.ContainsAny(p, "*?[") }

func hasDotDot(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// ValidURL reports whether s is an absolute URL of one of the schemes, with a
// host and without a password.
func ValidURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || hasControl(s) || strings.ContainsAny(s, " \"'`\\") {
		return false
	}
	if u.User != nil {
		if _, secret := u.User.Password(); secret {
			return false
		}
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return true
		}
	}
	return false
}

// IsSHA256 reports whether s is a sha256 in lower-case hexadecimal.
func IsSHA256(s string) bool { return isHex(s, 64) }

// isHex reports whether s is n hexadecimal digits in lower case.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

var signal = regexp.MustCompile(`^(SIG)?(ABRT|ALRM|BUS|CHLD|CONT|FPE|HUP|ILL|INT|IO|KILL|PIPE|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+[0-9]{1,2})?|RTMAX(-[0-9]{1,2})?)$|^([1-9]|[1-5][0-9]|6[0-4])$`)

// ValidSignal reports whether s names a signal that ends a container.
func ValidSignal(s string) bool { return signal.MatchString(s) }
