package stacks

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/tree"
)

// refusedRoots are directories that no out tree may write to: merging a tree
// that holds them changes their mode, or puts build-time state in the image.
var refusedRoots = [...]string{"/tmp", "/root", "/var", "/proc", "/dev", "/sys", "/run", "/src", "/build", "/home"}

// RefusedOutput reports whether a component may not install to p: a place that is
// not a tree's to write to, or the link at the top in which it would stand.
func RefusedOutput(p string) bool {
	return p == "/" || slices.Contains(MergedNames(), p[1:]) || slices.ContainsFunc(refusedRoots[:], func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
}

func (c checker) step(comp *Component, s Step) {
	if s.Name.Set() {
		checkName(c.d, s.Name, s.At, "step")
	}
	if s.JobMemory.Set() {
		if _, err := ParseSize(s.JobMemory.V); err != nil {
			c.add(c.errorf("bad-size", s.JobMemory.At, "%v", err))
		}
	}
	switch {
	case s.Apt != nil:
		c.packages(open, s.Apt.Packages, s.Apt.Dev, s.Apt.UnpackOnly)
		for _, deb := range s.Apt.Debs {
			if !open(deb.HTTP) && !ValidURL(deb.HTTP.V, "https", "http") {
				c.add(BadURL(deb.HTTP, deb.HTTP.V, HTTPURL, HTTPSecret))
			}
			c.sha256(deb.SHA256)
		}
		for _, m := range s.Apt.Markers {
			c.absPath(m)
		}
	case s.CMake != nil:
		c.cmake(s.CMake)
	case s.Files != nil:
		c.files(s.Files)
	case s.Pip != nil:
		c.pip(s.Pip)
	case s.Wheel != nil:
		for _, e := range s.Wheel.Env {
			c.envName(e.Key)
		}
		c.requirements(open, s.Wheel.Tools)
	case s.Colcon != nil:
		c.colcon(s.Colcon)
	case s.Script != nil:
		c.script(s.Script.Run)
		for _, e := range s.Script.Env {
			c.envName(e.Key)
			if slices.Contains(scriptEnv[:], e.Key.V) {
				c.add(c.errorf("bad-name", e.Key.At, "%s is given to every script and cannot be set", e.Key.V))
			}
		}
		for _, o := range s.Script.Outputs {
			c.output(o)
		}
	}
}

// scriptEnv are the variables that every script is given.
var scriptEnv = [...]string{"DESTDIR", "JOBS", "MACHINE", "PREFIX", "SOURCE_DATE_EPOCH", "SYSROOT"}

func (c checker) output(t tree.Text) {
	c.absPath(t)
	if p, ok := CleanAbs(t.V); ok && RefusedOutput(p) {
		c.add(c.errorf("bad-output", t.At, "a component may not install to %q", t.V).
			WithHelp("install below /usr/local or /opt; not to %s", strings.Join(refusedRoots[:], ", ")))
	}
}

func (c checker) cmake(s *CMakeStep) {
	if s.Prefix.Set() {
		c.output(s.Prefix)
	}
	lists := []tree.Map[tree.Scalar]{s.Options}
	for _, i := range s.If {
		lists = append(lists, i.Options)
	}
	for _, list := range lists {
		for _, o := range list {
			if g, ok := CMakeOption(o.Key); !ok {
				c.add(g)
			}
			c.cmakeValue(s, o)
		}
	}
}

// cmakeValue checks an option against what the project takes for it, as the
// component's `allowed` table says.
func (c checker) cmakeValue(s *CMakeStep, o tree.Entry[tree.Scalar]) {
	if strings.Contains(o.Val.V, "${") {
		return // checked once it is expanded
	}
	if values, ok := s.AllowedValues(o.Key.V); ok && !slices.Contains(values, CMakeValue(o.Val)) {
		c.add(c.errorf("bad-value", o.Val.At, "%s takes %s, not %q", o.Key.V, strings.Join(values, ", "), CMakeValue(o.Val)))
	}
}

// AllowedValues returns what an option may be set to, if the step says so.
func (s *CMakeStep) AllowedValues(option string) ([]string, bool) {
	for _, a := range s.Allowed {
		if a.Key.V == option || strings.HasSuffix(a.Key.V, "*") && strings.HasPrefix(option, strings.TrimSuffix(a.Key.V, "*")) {
			return a.Val.Values(), true
		}
	}
	return nil, false
}

// CMakeValue is an option's value as CMake wants it.
func CMakeValue(s tree.Scalar) string {
	if s.Kind == tree.Bool {
		if s.V == "true" {
			return "ON"
		}
		return "OFF"
	}
	return s.V
}

// ValidCMakeName reports whether s can name a CMake variable.
func ValidCMakeName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for i, r := range s {
		switch {
		case r == '_', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		case i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return true
}

func (c checker) files(f *FilesStep) {
	for _, p := range f.Put {
		c.output(p.To)
		c.mode(p.Mode)
		c.oneOf(p.At, "a file", map[string]tree.Text{"content": p.Content, "file": p.File, "source": p.Source})
		if p.File.Set() {
			c.relPath(p.File)
		}
		if p.Source.Set() {
			if _, ok := CleanAbs(p.Source.V); !ok || !strings.HasPrefix(p.Source.V, "/src/") {
				c.add(c.errorf("bad-path", p.Source.At, "%q is not below /src", p.Source.V))
			}
		}
	}
	for _, l := range f.Symlink {
		c.output(l.To)
		if !ValidTarget(l.Target.V) {
			c.add(c.errorf("bad-path", l.Target.At, "%q cannot be the target of a link", l.Target.V))
		}
	}
	for _, dir := range f.Dirs {
		c.output(dir.To)
		c.mode(dir.Mode)
	}
}
