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

// ValidDebVersion reports whether s can be the version of a Debian package, or a
// pattern with asterisks for one.
func ValidDebVersion(s string) bool {
	return s != "" && len(s) <= 128 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+:~*-") == ""
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

// ValidTarget reports whether s can be what a symbolic link points to.
func ValidTarget(s string) bool { return s != "" && !hasControl(s) }

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

// HasCredentials reports whether an address carries what opens it: a password,
// or over http a user, in whose place a token stands. An address becomes part of
// the plan, and with it of the image, its list of contents and its provenance.
func HasCredentials(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return false
	}
	_, password := u.User.Password()
	return password || u.Scheme != "ssh"
}

// BadURL is the finding for an address that is not valid. It does not repeat a
// secret; secret is how else one is given, "" if there is no way.
func BadURL(t tree.Text, s, what, secret string) diag.Diagnostic {
	if !HasCredentials(s) {
		return diag.Errorf("bad-url", t.At, "%q is not %s", s, what)
	}
	if secret == "" {
		secret = "name one that needs none"
	}
	return diag.Errorf("bad-url", t.At, "this address carries credentials, which the image or its provenance would keep").WithHelp("%s", secret)
}

// How what opens an address is given instead.
const (
	GitSecret  = "take them out; --secret id=GIT_AUTH_TOKEN,env=TOKEN gives the build a token"
	HTTPSecret = "take them out; --secret id=HTTP_AUTH_TOKEN_HOST,env=TOKEN gives the build a token for the host of that name"
)

// What an address has to be.
const (
	GitURL  = "the address of a git repository"
	HTTPURL = "an http or https address"
)

// ValidURL reports whether s is an absolute URL of one of the schemes, with a
// host and without credentials.
func ValidURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || hasControl(s) || strings.ContainsAny(s, " \"'`\\") {
		return false
	}
	if HasCredentials(s) {
		return false
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
