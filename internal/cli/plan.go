package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

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
  jetson plan flann --build-arg PLATFORM=debian-12`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.positional(args); err != nil {
				return err
			}
			r, err := s.resolveOffline(env)
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
				return printPlan(env.Stdout, r.Plan)
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
func printPlan(out io.Writer, p *plan.Plan) error {
	d, err := p.Digest()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "stack\t%s\n", strings.Join(p.Stack, " + "))
	fmt.Fprintf(w, "for\t%s\n", platformLine(p.Platform))
	if v := versionsLine(p.Platform.Versions); v != "" {
		fmt.Fprintf(w, "with\t%s\n", v)
	}
	fmt.Fprintf(w, "base\t%s\n", imageLine(p.Base))
	fmt.Fprintf(w, "plan\t%s\n", d)
	if err := w.Flush(); err != nil {
		return err
	}
	if err := printComponents(out, p); err != nil {
		return err
	}
	printPackages(out, "packages", p.Apt.Run)
	printPackages(out, "packages for the dev image", p.Apt.Dev)
	if len(p.Apt.Forbid) > 0 {
		fmt.Fprintf(out, "\nkept out\n  %s\n", strings.Join(p.Apt.Forbid, " "))
	}
	printEnv(out, p.Config)
	if len(p.Tests) > 0 {
		fmt.Fprintln(out, "\ntests")
		for _, t := range p.Tests {
			gpu := ""
			if t.GPU {
				gpu = "  (needs a GPU: runs on the device)"
			}
			fmt.Fprintf(out, "  %s%s\n", t.ID(), gpu)
		}
	}
	if p.Storage.Image+p.Storage.Models > 0 {
		fmt.Fprintf(out, "\nroom\n  image about %d MiB, models %d MiB\n", p.Storage.Image, p.Storage.Models)
	}
	for i, n := range p.Notes {
		if i == 0 {
			fmt.Fprintln(out, "\nnotes")
		}
		fmt.Fprintf(out, "  %s\n", n)
	}
	return nil
}

func platformLine(p plan.Platform) string {
	parts := []string{p.Name}
	if p.L4T != "" {
		parts = append(parts, "L4T "+p.L4T, p.DistroID+" "+p.Release)
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

func printComponents(out io.Writer, p *plan.Plan) error {
	if len(p.Components) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "COMPONENT\tVERSION\tHOW\tFROM\tFOR")
	tools := map[string]bool{}
	for _, c := range p.Components {
		if c.Host && tools[c.Name] {
			continue // the same for the other builder
		}
		tools[c.Name] = c.Host
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Name, dash(c.Version), how(c), dash(origin(c)), use(c))
	}
	return w.Flush()
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
	if len(kinds) == 0 {
		return "packages"
	}
	return strings.Join(kinds, "+")
}

func origin(c plan.Component) string {
	for _, s := range c.Sources {
		switch {
		case s.Git != "":
			at := s.Ref
			if s.Commit != "" {
				at += " (" + s.Commit[:12] + ")"
			}
			return s.Git + " " + strings.TrimSpace(at)
		case s.HTTP != "":
			return s.HTTP
		case s.Context != "":
			return "context: " + s.Context
		case len(s.Files) > 0:
			return "the catalog"
		}
	}
	return ""
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

func printPackages(out io.Writer, title string, links []plan.Link) {
	for i, l := range links {
		if i == 0 {
			fmt.Fprintf(out, "\n%s\n", title)
		}
		from := l.Archive
		if from == "" {
			from = "distribution"
		}
		fmt.Fprintf(out, "  %s: %s\n", from, strings.Join(l.Packages, " "))
	}
}

func printEnv(out io.Writer, c plan.Config) {
	if len(c.Env)+len(c.Prepend) == 0 {
		return
	}
	fmt.Fprintln(out, "\nenvironment")
	for _, k := range slices.Sorted(maps.Keys(c.Env)) {
		fmt.Fprintf(out, "  %s=%s\n", k, c.Env[k])
	}
	for _, k := range slices.Sorted(maps.Keys(c.Prepend)) {
		fmt.Fprintf(out, "  %s=%s:$%s\n", k, strings.Join(c.Prepend[k], ":"), k)
	}
}
