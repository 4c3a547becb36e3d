package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// Bounds on what one file may hold; a file may come from a stranger.
const (
	MaxRefs       = 200
	MaxItems      = 500      // of any one list of a component
	MaxScript     = 64 << 10 // bytes of one script
	MaxTestLength = 24 * 3600
)

// checker looks at what types alone cannot say: names, paths, addresses, pins
// and choices of which exactly one must be made.
type checker struct{ d *tree.Decoder }

func (c checker) errorf(rule string, at diag.Range, format string, args ...any) diag.Diagnostic {
	return diag.Errorf(rule, at, format, args...)
}

func (c checker) add(g diag.Diagnostic) { c.d.Add(g) }

func checkStack(d *tree.Decoder, s *Stack) {
	c := checker{d}
	s.Components = most(c, "component", s.At, s.Components, MaxRefs)
	s.Versions = most(c, "versions", s.At, s.Versions, MaxItems)
	s.Options = most(c, "options", s.At, s.Options, MaxItems)
	s.Python = most(c, "python", s.At, s.Python, MaxItems)
	s.Copy = most(c, "copy", s.At, s.Copy, MaxItems)
	s.Tests = most(c, "test", s.At, s.Tests, MaxItems)
	s.Mirrors = most(c, "mirrors", s.At, s.Mirrors, MaxItems)
	c.twice(s.Stack)
	chosen := []tree.Text{}
	for _, t := range []tree.Text{s.JetPack, s.L4T, s.Platform} {
		if t.Set() {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) > 1 {
		c.add(c.errorf("one-platform", chosen[1].At, "jetpack, l4t and platform exclude each other").
			WithRelated(chosen[0].At, "already chosen here").WithHelp("keep one of them"))
	}
	for _, e := range s.Versions {
		if _, err := version.ParseConstraint(e.Val.V); err != nil {
			c.add(c.errorf("bad-constraint", e.Val.At, "%q is not a version", e.Val.V))
		}
	}
	c.worlds(s.Python)
	c.env(s.Env)
	c.packages(literal, s.Apt.Packages, s.Apt.Dev)
	c.patterns(s.Apt.Forbid)
	c.tests(s.Tests)
	c.run(s.Run)
	c.mirrors(s.Mirrors)
	for _, cp := range s.Copy {
		c.copy(cp)
	}
	c.image(s.Image)
	c.inlineNames(s.Components)
}

// twice finds what a stack names more than once.
func (c checker) twice(refs Refs) {
	named := map[string]bool{}
	for _, r := range refs {
		if named[r.String()] && r.Name.V != "" {
			c.add(c.errorf("duplicate", r.At, "%q is named twice", r.String()).WithHelp("remove one"))
		}
		named[r.String()] = true
	}
}

func (c checker) inlineNames(comps []Inline) {
	seen := map[string]diag.Range{}
	for _, in := range comps {
		name := in.Name
		if in.Path.Set() || name.V == "" {
			continue
		}
		if at, ok := seen[name.V]; ok {
			c.add(c.errorf("duplicate", name.At, "a component named %q is already here", name.V).WithRelated(at, "the first one"))
		}
		seen[name.V] = name.At
	}
}

func (c checker) mirrors(m tree.Map[tree.Text]) {
	for _, e := range m {
		for _, t := range []tree.Text{e.Key, e.Val} {
			if !ValidURL(t.V, "http", "https") {
				g := BadURL(t, t.V, HTTPURL, "")
				if g.Help == "" {
					g.Help = `write [mirrors] "https://upstream/prefix" = "https://mirror/prefix"`
				}
				c.add(g)
			}
		}
	}
}

func (c checker) image(im Image) {
	if im.Workdir.V != "" {
		c.absPath(im.Workdir)
	}
	for _, v := range im.Volumes {
		c.absPath(v)
	}
	if im.StopSignal.Set() && !ValidSignal(im.StopSignal.V) {
		c.add(c.errorf("bad-value", im.StopSignal.At, "%q is not a signal", im.StopSignal.V).WithHelp("write it like SIGTERM, or as a number from 1 to 64"))
	}
	c.health(im.Healthcheck)
	for _, e := range im.Expose {
		port, proto, _ := strings.Cut(e.V, "/")
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 || !slices.Contains([]string{"", "tcp", "udp"}, proto) {
			c.add(c.errorf("bad-port", e.At, "%q is not a port", e.V).WithHelp("write it like 8080 or 53/udp"))
		}
	}
}

// MaxHealth bounds the times of a health check, in seconds, and its retries.
const MaxHealth = 7 * 24 * 3600

func (c checker) health(h Health) {
	for _, v := range []struct {
		key string
		n   int
	}{{"interval", h.Interval}, {"timeout", h.Timeout}, {"start_period", h.Start}, {"retries", h.Retries}} {
		if v.n < 0 || v.n > MaxHealth {
			c.add(c.errorf("bad-value", h.At, "%s is from 0 to %d, not %d", v.key, MaxHealth, v.n))
		}
	}
}

// most says that a list is too long, and leaves what is over unread: a short
// file may hold a great many entries.
func most[T any](c checker, what string, at diag.Range, list []T, limit int) []T {
	if len(list) <= limit {
		return list
	}
	c.add(c.errorf("too-many", at, "%d entries of %q; at most %d are read", len(list), what, limit))
	return list[:limit]
}

// oneOf reports how many of the choices are set, and says so unless it is one.
func (c checker) oneOf(at diag.Range, what string, choices map[string]tree.Text) int {
	var set, all []string
	for name, t := range choices {
		all = append(all, name)
		if t.Set() {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	slices.Sort(all)
	switch len(set) {
	case 1:
	case 0:
		c.add(c.errorf("choose-one", at, "%s needs one of the keys %s", what, strings.Join(all, ", ")))
	default:
		c.add(c.errorf("choose-one", at, "%s has %s; one is needed", what, strings.Join(set, " and ")))
	}
	return len(set)
}

func (c checker) packages(later func(tree.Text) bool, lists ...tree.Words) {
	for _, list := range lists {
		for _, p := range list {
			if !later(p) && !ValidPackage(p.V) {
				c.add(c.errorf("bad-package", p.At, "%q cannot be the name of a Debian package", p.V))
			}
		}
	}
}

// patterns are names of packages, or patterns of them, as they stand in a file
// of apt's.
func (c checker) patterns(words tree.Words) {
	for _, p := range words {
		if !packagePattern.MatchString(p.V) {
			c.add(c.errorf("bad-package", p.At, "%q is neither the name of a Debian package nor a pattern of names", p.V).
				WithHelp("write it like libvtk9*"))
		}
	}
}

var packagePattern = regexp.MustCompile(`^[a-z0-9*?\[][a-z0-9.+*?\[\]-]{0,127}(:[a-z0-9]+)?$`)

func (c checker) env(e Env) {
	for _, s := range e.Set {
		c.envName(s.Key)
	}
	for _, p := range e.Prepend {
		c.envName(p.Key)
	}
}

func (c checker) envName(t tree.Text) {
	if !ValidEnvName(t.V) {
		c.add(c.errorf("bad-name", t.At, "%q cannot be the name of an environment variable", t.V))
	}
}

func (c checker) absPath(t tree.Text) {
	if !t.Set() {
		return // that it is missing is said elsewhere
	}
	if _, ok := CleanAbs(t.V); !ok {
		c.add(c.errorf("bad-path", t.At, "%q is not an absolute path without ..", t.V).WithHelp("%s", rooted(t.V)))
	}
}

// rooted is the advice for a path that should have begun with a slash, or none.
func rooted(p string) string {
	if abs, ok := CleanAbs("/" + p); ok && !strings.HasPrefix(p, "/") {
		return fmt.Sprintf("write %q", abs)
	}
	return ""
}

func (c checker) relPath(t tree.Text) {
	if !t.Set() {
		return
	}
	if _, ok := CleanRel(t.V); !ok {
		c.add(c.errorf("bad-path", t.At, "%q is not a relative path without ..", t.V))
	}
}

func (c checker) mode(t tree.Text) {
	if !t.Set() {
		return
	}
	if n, err := strconv.ParseUint(t.V, 8, 32); err != nil || n > 0o7777 {
		c.add(c.errorf("bad-mode", t.At, "%q is not a file mode", t.V).WithHelp(`write it in octal, like "0755"`))
	}
}

func (c checker) run(r Run) {
	for _, choice := range []struct {
		t     tree.Text
		words []string
	}{{r.Network, []string{"host", "bridge"}}, {r.IPC, []string{"host", "private"}}} {
		if choice.t.Set() && !slices.Contains(choice.words, choice.t.V) {
			g := c.errorf("bad-value", choice.t.At, "%q is not possible here", choice.t.V)
			g.Help = diag.DidYouMean(choice.t.V, choice.words)
			c.add(g)
		}
	}
	if r.Shm.Set() {
		if _, err := ParseSize(r.Shm.V); err != nil {
			c.add(c.errorf("bad-size", r.Shm.At, "%v", err))
		}
	}
}

func (c checker) tests(tests []Test) {
	seen := map[string]bool{}
	for _, t := range tests {
		checkName(c.d, t.Name, t.At, "test")
		if seen[t.Name.V] {
			c.add(c.errorf("duplicate", t.Name.At, "two tests are named %q", t.Name.V))
		}
		seen[t.Name.V] = true
		argv := tree.Text{}
		if len(t.Argv) > 0 {
			argv = t.Argv[0]
		}
		c.oneOf(t.At, "a test", map[string]tree.Text{"run": argv, "script": t.Script})
		c.script(t.Script)
		if t.Exit < 0 || t.Exit > 255 {
			c.add(c.errorf("bad-value", t.At, "%d is not an exit status", t.Exit))
		}
		if t.Timeout < 0 || t.Timeout > MaxTestLength {
			c.add(c.errorf("bad-value", t.At, "a timeout is from 1 to %d seconds", MaxTestLength))
		}
		for _, e := range t.Env {
			c.envName(e.Key)
		}
		for _, f := range t.Files {
			c.absPath(f.Path)
		}
		for _, m := range append(slices.Clone(t.Stdout.Matches), t.Stderr.Matches...) {
			if _, err := regexp.CompilePOSIX(m.V); err != nil {
				c.add(c.errorf("bad-regexp", m.At, "%q is not a POSIX extended regular expression", m.V).WithDetail(fmt.Sprint(err)))
			}
		}
	}
}

func (c checker) script(t tree.Text) {
	if len(t.V) > MaxScript {
		c.add(c.errorf("too-long", t.At, "this script has %d bytes; at most %d are read", len(t.V), MaxScript).WithHelp("put it in a file of the component's folder"))
	}
}

// ParseSize reads a size such as "512m", "1100MiB" or "8g" as bytes. Units are
// binary; a bare number counts bytes.
func ParseSize(s string) (int64, error) {
	low := strings.ToLower(strings.TrimSpace(s))
	num := strings.TrimRight(low, "bikmgt")
	shift, ok := map[string]uint{"": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30, "gb": 30, "gib": 30, "t": 40, "tib": 40}[low[len(num):]]
	n, err := strconv.ParseInt(num, 10, 40)
	if err != nil || !ok || n < 0 || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q is not a size; write it like 512MiB or 8g", s)
	}
	return n << shift, nil
}
