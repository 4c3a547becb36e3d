package goldens

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// writer writes results one below the other. A section that reads as it did
// under an earlier title is not repeated: the title is named instead.
type writer struct {
	strings.Builder
	seen map[string]string // section, name and text → title
}

// section is a named part of a plan.
type section struct {
	name  string
	lines []string
}

func (w *writer) result(title string, r resolve.Result) {
	if w.seen == nil {
		w.seen = map[string]string{}
	} else {
		w.WriteByte('\n')
	}
	fmt.Fprintf(w, "== %s\n", title)
	sections := []section{{"findings", findings(title, r.Diags)}}
	if r.Plan != nil {
		sections = append(sections, sectionsOf(r.Plan)...)
	}
	var same []string // titles, in order of appearance
	names := map[string][]string{}
	for _, s := range sections {
		if len(s.lines) == 0 {
			continue
		}
		key := s.name + "\n" + strings.Join(s.lines, "\n")
		if at, ok := w.seen[key]; ok {
			if names[at] == nil {
				same = append(same, at)
			}
			names[at] = append(names[at], s.name)
			continue
		}
		w.seen[key] = title
		fmt.Fprintf(w, "%s\n", s.name)
		for _, l := range s.lines {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
	for _, at := range same {
		fmt.Fprintf(w, "as on %s: %s\n", at, strings.Join(names[at], ", "))
	}
}

// options writes what CMake is given for each step with device code.
func (w *writer) options(p *plan.Plan) {
	for _, c := range p.Components {
		for _, s := range c.Steps {
			if s.CMake == nil || len(s.CMake.CUDA) == 0 {
				continue
			}
			fmt.Fprintf(w, "options of %s, step %s\n", c.ID(), s.Name)
			for _, k := range slices.Sorted(maps.Keys(s.CMake.Options)) {
				fmt.Fprintf(w, "  %s=%s\n", k, s.CMake.Options[k])
			}
		}
	}
}

// findings are the first line of each diagnostic, with where it points and its
// help. The release is not named, so that what is said of several reads alike.
func findings(title string, ds diag.List) []string {
	name, _, _ := strings.Cut(title, " on ")
	own := regexp.MustCompile(regexp.QuoteMeta(name) + "( has| is|:|$)")
	var out []string
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s[%s] %s: %s", d.Severity, d.Rule, d.Range, d.Summary))
		for _, r := range d.Related {
			out = append(out, fmt.Sprintf("  %s: %s", r.Range, r.Message))
		}
		if d.Help != "" {
			out = append(out, "  help: "+d.Help)
		}
	}
	for i := range out {
		out[i] = own.ReplaceAllString(out[i], "this release$1")
	}
	return out
}

func sectionsOf(p *plan.Plan) []section {
	digest, err := p.Digest()
	if err != nil {
		digest = err.Error()
	}
	out := []section{{"plan " + digest, platformLines(p)}}
	for _, c := range p.Components {
		out = append(out, section{"component " + c.ID(), componentLines(&c)})
	}
	out = append(out, links("packages", p.Apt.Run)...)
	out = append(out, links("dev packages", p.Apt.Dev)...)
	out = append(out, section{"kept out", p.Apt.Forbid})
	for _, a := range p.Archives {
		out = append(out, section{"archive " + a.Name, []string{archiveLine(&a)}})
	}
	for _, w := range p.Worlds {
		out = append(out, section{"world " + w.Name, worldLines(&w)})
	}
	return append(out,
		section{"config", configLines(p)},
		section{"tests", testLines(p.Tests)},
		section{"on the device", deviceLines(p)},
		section{"notes", p.Notes})
}

func platformLines(p *plan.Plan) []string {
	t := p.Platform
	out := []string{
		fmt.Sprintf("for %s; %s, linux/%s; L4T %s, %s", t.Name, t.Distro, t.Arch, dash(t.L4T), dash(t.Flavour)),
		"with " + pairs(t.Versions, " "),
		"stack " + strings.Join(p.Stack, " + "),
		"base " + p.Base.Ref + "@" + p.Base.Digest,
	}
	if p.Plain.Ref != p.Base.Ref || p.Plain.Digest != p.Base.Digest {
		out = append(out, "environments on "+p.Plain.Ref+"@"+p.Plain.Digest)
	}
	if t.Kernel != "" {
		out = append(out, "kernel "+t.Kernel)
	}
	if len(t.SMs) > 0 {
		out = append(out, fmt.Sprintf("sm %s of %s", strings.Join(t.SMs, " "), strings.Join(t.SoCs, " ")))
	}
	if p.Storage.Image+p.Storage.Models > 0 {
		out = append(out, fmt.Sprintf("room for an image of %d MiB, models of %d MiB", p.Storage.Image, p.Storage.Models))
	}
	return out
}

func componentLines(c *plan.Component) []string {
	line := c.Title()
	if len(c.Variants) > 0 {
		line += ", " + pairs(c.Variants, " ")
	}
	if len(c.Options) > 0 {
		line += ", options " + pairs(c.Options, " ")
	}
	if len(c.Why) > 0 {
		line += ", for " + strings.Join(c.Why, " → ")
	}
	if !c.Shipped {
		line += ", not shipped"
	}
	out := []string{line}
	for _, e := range []struct {
		name string
		ids  []string
	}{{"tools", c.Tools}, {"build", c.Build}, {"link", c.Link}, {"run", c.Run}} {
		if len(e.ids) > 0 {
			out = append(out, e.name+" "+strings.Join(e.ids, " "))
		}
	}
	for _, s := range c.Sources {
		out = append(out, sourceLine(&s))
	}
	for _, s := range c.Steps {
		out = append(out, stepLine(&s))
	}
	return out
}

func sourceLine(s *plan.Source) string {
	line := s.To + " from "
	switch {
	case s.Git != "":
		line += s.Git + " " + s.Ref + " " + s.Commit
	case s.HTTP != "":
		line += s.HTTP + " sha256 " + s.SHA256
	case s.Image != nil:
		line += s.Image.Ref + "@" + s.Image.Digest
	case s.Context != "":
		line += "the context's " + s.Context
	default:
		line += fmt.Sprintf("%d files of its folder", len(s.Files))
	}
	for _, p := range s.Patches {
		line += ", patched by " + p.Name
	}
	return line
}

// stepLine names a step with what differs between platforms; the rest is in
// the component's file, and in the digest.
func stepLine(s *plan.Step) string {
	line := "step " + s.Name
	switch {
	case s.CMake != nil && len(s.CMake.CUDA) > 0:
		line += fmt.Sprintf(", %d options, device code for sm %s", len(s.CMake.Options), strings.Join(s.CMake.CUDA, " "))
	case s.CMake != nil:
		line += fmt.Sprintf(", %d options", len(s.CMake.Options))
	case s.Wheel != nil:
		line += ", Python " + s.Wheel.Interpreter
	case s.Colcon != nil:
		line += fmt.Sprintf(", %s to %s on %s", strings.Join(s.Colcon.Packages, " "), s.Colcon.Prefix, strings.Join(s.Colcon.Underlay, " "))
	}
	return line
}

// links are a chain's installs, a section each, several packages a line.
func links(name string, chain []plan.Link) []section {
	var out []section
	for _, l := range chain {
		from := l.Archive
		if from == "" {
			from = "distribution"
		}
		s := section{name: name + " of " + from, lines: wrapped(l.Packages)}
		for _, d := range l.Debs {
			s.lines = append(s.lines, "deb "+d.URL+" sha256 "+d.SHA256)
		}
		for _, list := range []struct {
			name  string
			words []string
		}{{"debconf", l.Debconf}, {"marker", l.Markers}, {"unpacked only", l.Unpack}} {
			for _, word := range list.words {
				s.lines = append(s.lines, list.name+" "+word)
			}
		}
		out = append(out, s)
	}
	return out
}

// wrapped breaks words into lines of at most a hundred characters.
func wrapped(words []string) []string {
	var out []string
	for _, w := range words {
		if last := len(out) - 1; last >= 0 && len(out[last])+1+len(w) <= 100 {
			out[last] += " " + w
		} else {
			out = append(out, w)
		}
	}
	return out
}

func archiveLine(a *plan.Archive) string {
	key := a.Keyring
	if a.KeyURL != "" {
		key = a.KeyURL + " sha256 " + dash(a.KeySHA256)
	}
	line := fmt.Sprintf("%s, %s %s, signed by %s", pairs(a.URLs, " "), strings.Join(a.Suites, " "), strings.Join(a.Components, " "), key)
	if len(a.Needs) > 0 {
		line += ", needs " + strings.Join(a.Needs, " ")
	}
	if a.Keep {
		line += ", stays"
	}
	return line
}

func worldLines(w *plan.World) []string {
	out := []string{fmt.Sprintf("Python %s in %s, system_site %v", w.Interpreter, w.Prefix, w.System)}
	if len(w.Constraints) > 0 {
		out = append(out, "constraints "+strings.Join(w.Constraints, " "))
	}
	for _, l := range w.Links {
		line := l.Name + " " + strings.Join(append(slices.Clone(l.Requirements), l.NoDeps...), " ")
		for _, from := range l.From {
			line += " of " + from
		}
		for _, i := range l.Indexes {
			line += " index " + i
		}
		out = append(out, line)
		for _, b := range l.Wheels {
			out = append(out, "  "+b.URL+" sha256 "+b.SHA256)
		}
	}
	return out
}

func configLines(p *plan.Plan) []string {
	c := p.Config
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c.Env)) {
		out = append(out, k+"="+c.Env[k])
	}
	for _, k := range slices.Sorted(maps.Keys(c.Prepend)) {
		out = append(out, k+"="+strings.Join(c.Prepend[k], ":")+":…")
	}
	for _, s := range c.Source {
		out = append(out, "sources "+s)
	}
	if len(c.Entrypoint)+len(c.Cmd) > 0 {
		out = append(out, fmt.Sprintf("entrypoint %q, command %q", c.Entrypoint, c.Cmd))
	}
	out = append(out, fmt.Sprintf("run %s", strings.Trim(fmt.Sprintf("%+v", p.Run), "{}")))
	if len(p.OneSoname) > 0 {
		out = append(out, "one of each in a process: "+strings.Join(p.OneSoname, " "))
	}
	return out
}

func testLines(tests []plan.Test) []string {
	var out []string
	for _, t := range tests {
		line := t.ID()
		if t.GPU {
			line += ", on a GPU"
		}
		if len(t.With) > 0 {
			line += ", with " + strings.Join(t.With, " ")
		}
		for _, l := range t.Apt {
			line += ", packages " + strings.Join(l.Packages, " ")
		}
		out = append(out, line)
	}
	return out
}

func deviceLines(p *plan.Plan) []string {
	var out []string
	for _, f := range p.FirstRun {
		out = append(out, fmt.Sprintf("first run %s/%s: %q to %s", f.Component, f.Name, f.Argv, f.Output))
	}
	for _, h := range p.Host {
		out = append(out, fmt.Sprintf("host %s/%s: %s", h.Component, h.Name, h.Summary))
	}
	return out
}

func pairs(m map[string]string, between string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+between+m[k])
	}
	return strings.Join(out, ", ")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
