package cli

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/plan"
)

func newPlan(env Env) *cobra.Command {
	var s stackFlags
	var asJSON, digest bool
	cmd := &cobra.Command{
		Use:   "plan [CONTEXT | STACK]",
		Short: "Show what a stack would build",
		Long: `Plan shows what a stack comes to: every version with its source, what is
compiled and what comes as packages, environment, tests and notes. It looks
nothing up: what can change is said to.`,
		Example: `  jetson plan
  jetson plan -f stack.toml --json
  jetson plan flann --platform debian-12`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.positional(args); err != nil {
				return err
			}
			r, err := s.resolveOffline(cmd.Context(), env)
			if err != nil {
				return err
			}
			env.show(r.Diags)
			if r.Plan == nil {
				return errReported
			}
			switch {
			case digest:
				d, err := r.Plan.Digest()
				if err != nil {
					return err
				}
				fmt.Fprintln(env.Stdout, d)
			case asJSON:
				b, err := r.Plan.Pretty()
				if err != nil {
					return err
				}
				_, err = env.Stdout.Write(b)
				return err
			default:
				return printPlan(env.screen(), r.Plan)
			}
			return nil
		},
	}
	s.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&digest, "digest", false, "print the plan's digest alone")
	return cmd
}

// printPlan writes a plan for people.
func printPlan(s screen, p *plan.Plan) error {
	d, err := p.Digest()
	if err != nil {
		return err
	}
	for _, line := range [][2]string{
		{"stack", strings.Join(p.Stack, " + ")}, {"for", platformLine(p.Platform)}, {"with", versionsLine(p.Platform.Versions)},
		{"base", imageLine(p.Base)}, {"run", runLine(p.Run)}, {"plan", d},
	} {
		if line[1] != "" {
			s.hang(0, 7, pad(line[0], 6)+line[1])
		}
	}
	printComponents(s, p)
	printSources(s, p)
	printPackages(s, "packages", p.Apt.Run)
	for _, w := range p.Worlds {
		printWorld(s, w)
	}
	printPackages(s, "packages for the dev image", p.Apt.Dev)
	if len(p.Apt.Forbid) > 0 {
		s.title("kept out")
		s.text(2, strings.Join(p.Apt.Forbid, " "))
	}
	printEnv(s, p.Config)
	printLines(s, "overlays", overlayLines(p))
	printLines(s, "what a container starts", startLines(p.Config))
	if len(p.Tests) > 0 {
		s.title("tests")
		for _, t := range p.Tests {
			gpu := ""
			if t.GPU {
				gpu = "  (needs a GPU: runs on the device)"
			}
			s.printf("  %s%s\n", t.ID(), gpu)
		}
	}
	printRoom(s, p)
	printLines(s, "what the device itself must have", hostLines(p))
	printLines(s, "made when it first runs", firstRunLines(p))
	printLines(s, "notes", p.Notes)
	return nil
}

// runLine is what a container of the image wants to be given.
func runLine(r plan.Run) string {
	var parts []string
	for _, flag := range []struct {
		name string
		set  bool
	}{{"gpu", r.GPU}, {"gui", r.GUI}, {"audio", r.Audio}} {
		if flag.set {
			parts = append(parts, flag.name)
		}
	}
	for _, v := range [][2]string{
		{"network", r.Network}, {"ipc", r.IPC}, {"shm", r.Shm}, {"devices", strings.Join(r.Devices, " ")},
		{"ports", strings.Join(r.Ports, " ")}, {"volumes", strings.Join(r.Volumes, " ")},
	} {
		if v[1] != "" {
			parts = append(parts, v[0]+" "+v[1])
		}
	}
	return strings.Join(parts, ", ")
}

// overlayLines are the ROS workspaces that are built, with what is in them.
func overlayLines(p *plan.Plan) []string {
	var out []string
	for _, c := range p.Components {
		for _, s := range c.Steps {
			if s.Colcon == nil {
				continue
			}
			packages := cmp.Or(strings.Join(s.Colcon.Packages, " "), "all of "+s.Colcon.Source)
			line := c.Name + ": " + packages + " in " + s.Colcon.Prefix
			if len(s.Colcon.Underlay) > 0 {
				line += ", on " + strings.Join(s.Colcon.Underlay, " ")
			}
			out = append(out, line)
		}
	}
	return out
}

// startLines say what runs in a container that is not told what to run.
func startLines(c plan.Config) []string {
	var out []string
	switch {
	case len(c.Entrypoint) > 0:
		out = append(out, "entry point: "+strings.Join(c.Entrypoint, " "))
	case len(c.Source) > 0:
		out = append(out, "entry point: one that reads "+strings.Join(c.Source, ", "))
	}
	if len(c.Cmd) > 0 {
		out = append(out, "command: "+strings.Join(c.Cmd, " "))
	}
	return out
}

// hostLines are what components ask of the machine that runs the container.
func hostLines(p *plan.Plan) []string {
	var out []string
	for _, h := range p.Host {
		line := h.Component + "/" + h.Name + ": " + h.Summary
		if h.Check != "" {
			line += " (" + h.Check + ")"
		}
		if h.Udev != "" {
			line += ", and the udev rule " + h.Udev
		}
		out = append(out, line)
	}
	return out
}

// firstRunLines are what is made on the device, since only it can make it.
func firstRunLines(p *plan.Plan) []string {
	var out []string
	for _, f := range p.FirstRun {
		out = append(out, f.Component+"/"+f.Name+": "+cmp.Or(f.Summary, strings.Join(f.Argv, " "))+", to "+f.Output)
	}
	return out
}

// printRoom says how large the image's parts are, as far as that is known, and
// of which it is not.
func printRoom(s screen, p *plan.Plan) {
	if len(p.Storage.Parts) == 0 {
		return
	}
	s.title("room")
	known := map[string]bool{}
	for _, part := range p.Storage.Parts {
		known[part.Component] = true
	}
	var rest []string
	for _, c := range p.Components {
		if c.Shipped && !known[c.Name] {
			rest = append(rest, c.Name)
		}
	}
	least := "" // a sum of some parts is a lower bound
	if len(rest) > 0 {
		least = "at least "
	}
	sum := func(what string, all int64, of func(plan.StoragePart) int64) {
		var parts []string
		for _, part := range p.Storage.Parts {
			if of(part) > 0 {
				parts = append(parts, part.Component+" "+room(of(part)))
			}
		}
		if all > 0 {
			s.hang(2, 4, fmt.Sprintf("%s %s%s: %s", what, least, room(all), strings.Join(parts, ", ")))
		}
	}
	sum("image", p.Storage.Image, func(part plan.StoragePart) int64 { return part.Image })
	sum("models", p.Storage.Models, func(part plan.StoragePart) int64 { return part.Models })
	if len(rest) > 0 {
		s.hang(2, 4, "not known before a build: "+strings.Join(rest, ", "))
	}
}

func platformLine(p plan.Platform) string {
	parts := []string{p.Name}
	if p.L4T != "" {
		parts = append(parts, "L4T "+p.L4T, p.DistroID+" "+p.Release)
	}
	if p.Kernel != "" {
		parts = append(parts, "kernel "+p.Kernel)
	}
	parts = append(parts, "linux/"+p.Arch)
	if len(p.SMs) > 0 {
		parts = append(parts, "sm "+strings.Join(p.SMs, " "))
	}
	if p.Tier != "" && p.Tier != "full" {
		parts = append(parts, "tier "+p.Tier)
	}
	return strings.Join(slices.Compact(parts), ", ")
}

func versionsLine(versions map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(versions)) {
		out = append(out, k+" "+versions[k])
	}
	return strings.Join(out, ", ")
}

func imageLine(i plan.Image) string {
	if i.Digest == "" {
		return i.Ref + "  (not pinned)"
	}
	return i.Ref + "@" + i.Digest[:min(19, len(i.Digest))]
}

func printComponents(s screen, p *plan.Plan) {
	if len(p.Components) == 0 {
		return
	}
	s.printf("\n")
	t := table{head: []string{"COMPONENT", "VERSION", "HOW", "FOR"}, flex: []int{3}}
	for _, c := range shownOnce(p) {
		t.add(c.Name, dash(c.Version), how(c), use(c))
	}
	t.write(s)
}

// shownOnce are the components of a plan. A tool that either architecture of
// builder would take is one.
func shownOnce(p *plan.Plan) []plan.Component {
	var out []plan.Component
	tools := map[string]bool{}
	for _, c := range p.Components {
		if c.Host && tools[c.Name] {
			continue
		}
		tools[c.Name] = c.Host
		out = append(out, c)
	}
	return out
}

// components counts what the table of components shows: a tool that either
// architecture of builder would take is one.
func components(p *plan.Plan) string {
	names := map[string]bool{}
	for _, c := range p.Components {
		names[c.Name] = true
	}
	return count(len(names), "component")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// how says in a word what happens to a component.
func how(c plan.Component) string {
	var kinds []string
	for _, s := range c.Steps {
		k := map[string]string{"cmake": "compile", "colcon": "compile", "wheel": "compile", "files": "copy", "script": "script"}[s.Kind]
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	if c.World != "" {
		kinds = append(kinds, "wheels")
	}
	if len(kinds) == 0 {
		return "packages"
	}
	return strings.Join(kinds, "+")
}

func use(c plan.Component) string {
	why := ""
	if len(c.Why) > 0 {
		why = " for " + c.Why[len(c.Why)-1]
	}
	switch {
	case c.Host:
		return "build tool" + why
	case !c.Shipped:
		return "not shipped," + why
	}
	return "image" + why
}

func printPackages(s screen, title string, links []plan.Link) {
	if len(links) > 0 {
		s.title(title)
	}
	for _, l := range links {
		from := l.Archive
		if from == "" {
			from = "distribution"
		}
		words := append(slices.Clone(l.Packages), l.Unpack...)
		for _, d := range l.Debs {
			words = append(words, path.Base(d.URL))
		}
		s.hang(2, 4, from+": "+strings.Join(words, " "))
		for _, name := range slices.Sorted(maps.Keys(l.Versions)) {
			s.text(4, "of "+name+" the versions "+l.Versions[name])
		}
	}
}

// printWorld shows a Python world, link by link.
func printWorld(s screen, w plan.World) {
	s.title(fmt.Sprintf("python world %s: Python %s in %s", w.Name, w.Interpreter, w.Prefix))
	for _, l := range w.Links {
		var parts []string
		for _, b := range l.Wheels {
			parts = append(parts, fmt.Sprintf("%s (sha256 %.12s)", path.Base(b.URL), b.SHA256))
		}
		parts = append(parts, l.Requirements...)
		parts = append(parts, l.NoDeps...)
		s.text(2, l.Name+": "+strings.Join(parts, " "))
	}
	if len(w.Constraints) > 0 {
		s.text(2, "held to: "+strings.Join(w.Constraints, " "))
	}
}

func printEnv(s screen, c plan.Config) {
	if len(c.Env)+len(c.Prepend) == 0 {
		return
	}
	s.title("environment")
	for _, k := range slices.Sorted(maps.Keys(c.Env)) {
		s.printf("  %s=%s\n", k, c.Env[k])
	}
	for _, k := range slices.Sorted(maps.Keys(c.Prepend)) {
		s.printf("  %s=%s:$%s\n", k, strings.Join(c.Prepend[k], ":"), k)
	}
}
