package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/format"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// Syntax is the frontend image that a new stack file names on its first line.
const Syntax = "ghcr.io/org/jetson-frontend:1"

type initFlags struct {
	targetFlags
	file, base string
	force      bool
}

func newInit(env Env) *cobra.Command {
	var i initFlags
	cmd := &cobra.Command{
		Use:   "init [STACK]",
		Short: "Write a stack file",
		Long: `Init writes a stack file with comments, for the components that are named as
on the command line of build. Without a stack it asks, if there is a terminal.
The stack is checked first; a file that is there already is kept unless --force
is given. -f - writes to standard output.`,
		Example: `  jetson init humble+vtk9 --jetpack 6.2
  jetson init flann --platform debian-12 -f other.toml
  jetson init`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one stack at a time: join components with +, as in %s\nsee: jetson init --help", strings.Join(args, "+"))
			}
			return nil
		},
		ValidArgsFunction: completeStack,
		RunE: func(cmd *cobra.Command, args []string) error {
			shorthand := ""
			if len(args) == 1 {
				shorthand = args[0]
			}
			return i.run(cmd.Context(), env, shorthand)
		},
	}
	i.register(cmd)
	f := cmd.Flags()
	f.StringVarP(&i.file, "file", "f", DefaultFile, "the `FILE` to write; - is standard output")
	f.StringVar(&i.base, "base", "", "the `IMAGE` to build on")
	f.BoolVar(&i.force, "force", false, "replace a file that is there")
	return cmd
}

func (i *initFlags) run(ctx context.Context, env Env, shorthand string) error {
	if err := i.free(); err != nil {
		return err
	}
	if shorthand == "" {
		if !env.Asks {
			return usagef("jetson init takes a stack, as in: jetson init humble+vtk9 --jetpack 6.2")
		}
		var err error
		if shorthand, err = i.ask(ctx, env); err != nil {
			return err
		}
	}
	s, err := i.open()
	if err != nil {
		return err
	}
	if s.target == nil {
		return usagef("say what the stack is for, as in: jetson init %s --jetpack 6.2 (or --platform debian-12)", shorthand)
	}
	refs, diags := stacks.ParseRefs("command line", shorthand)
	if diags.HasErrors() {
		return diags.Err()
	}
	r := s.resolve(refs)
	if r.Plan == nil {
		return r.Diags.Err()
	}
	text, err := format.Source(&diag.File{Name: i.file, Data: i.text(s, refs, r)})
	if err != nil {
		return err
	}
	if err := sound(text); err != nil {
		return err
	}
	if i.file == "-" {
		_, err := env.Stdout.Write(text)
		return err
	}
	if err := i.free(); err != nil {
		return err
	}
	if err := os.WriteFile(i.file, text, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", i.file, err)
	}
	fmt.Fprintf(env.Stderr, "wrote %s: %s for %s\nnext: jetson plan, jetson build\n", i.file, components(r.Plan), r.Plan.Platform.Name)
	return nil
}

// free refuses to replace a file unless that is wanted.
func (i *initFlags) free() error {
	if i.file == "-" || i.force {
		return nil
	}
	if _, err := os.Lstat(i.file); err == nil {
		return usagef("%s is there already; --force replaces it, -f names another", i.file)
	}
	if st, err := os.Stat(filepath.Dir(i.file)); err != nil || !st.IsDir() {
		return usagef("there is no folder %s", filepath.Dir(i.file))
	}
	return nil
}

// sound checks that what is about to be written is a stack.
func sound(text []byte) error {
	p := frontend.Prepare(&diag.File{Name: DefaultFile, Data: text}, nil, frontend.Files{})
	return p.Diags.Err()
}

// text is the file. What most stacks do not need stands in comments, with
// values that this stack could have.
func (i *initFlags) text(s *shelf, refs stacks.Refs, r resolve.Result) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# syntax=%s", Syntax)
	line("#")
	line("# jetson build     builds it; so does: docker buildx build -f %s .", filepath.Base(i.file))
	line("# jetson plan      shows every version, where it comes from and why")
	line("# jetson why NAME  says why a component or package is in it")
	line("")
	line("# What to build: name[:variant][@constraint], joined with +.")
	i.components(line, s, refs)
	var names []string
	for _, ref := range refs {
		names = append(names, ref.String())
	}
	pair := func(key, value string) {
		if value != "" {
			line("%s = %s", key, tomlString(value))
		}
	}
	pair("stack", strings.Join(names, "+"))
	line("")
	name, _, _ := strings.Cut(s.target.String(), "/") // the architecture is the build's to say
	line("# What for: %s.", name)
	pair("platform", i.platform)
	pair("jetpack", s.choice.JetPack.V)
	pair("l4t", i.l4t)
	pair("ubuntu", i.ubuntu)
	pair("device", i.device)
	if i.device == "" && s.target.Release != nil {
		line("# device = %q  # for one device only; without it, for all of the release", firstDevice(s))
	}
	if i.base != "" {
		line("")
		line("# The image to build on.")
		pair("base", i.base)
	}
	i.further(line, s, r)
	return []byte(b.String())
}

func (i *initFlags) components(line func(string, ...any), s *shelf, refs stacks.Refs) {
	for _, ref := range refs {
		if e, _, _ := s.cat.Find(ref.Name.V); e != nil {
			line("#   %s: %s", ref.Name.V, e.Summary.V)
		}
	}
}

// further are the parts that a stack may have.
func (i *initFlags) further(line func(string, ...any), s *shelf, r resolve.Result) {
	line("")
	line("# Versions, where the newest is not what you want. Now:")
	line("# [versions]")
	for _, c := range r.Plan.Components {
		if c.Version != "" && !c.Host && c.Shipped {
			line("# %s = %q", c.Name, c.Version)
		}
	}
	for _, c := range r.Plan.Components {
		e, _, _ := s.cat.Find(c.Name)
		if e == nil || len(e.Options) == 0 || c.Host {
			continue
		}
		line("")
		line("# [options.%s]", c.Name)
		for _, o := range e.Options {
			if o.Summary.V != "" {
				line("## %s", o.Summary.V)
			}
			line("# %s = %s", o.Name.V, optionText(o))
		}
	}
	line("")
	line("# Debian packages on top.")
	line("# [apt]")
	line("# packages = [\"jq\"]")
	line("")
	line("# Environment of the image.")
	line("# [env]")
	line("# set = { MODE = \"demo\" }")
	line("")
	line("# What the image starts.")
	line("# [image]")
	line("# cmd = [\"bash\"]")
	line("")
	line("# A test: a command that must succeed in the finished image.")
	line("# [[test]]")
	line("# name = \"shell\"")
	line("# run  = [\"bash\", \"-c\", \"true\"]")
}

// optionText is an option's default, as TOML.
func optionText(o stacks.Option) string {
	switch {
	case o.Type.V == "bool" || o.Type.V == "int":
		if o.Default.V != "" {
			return o.Default.V
		}
		return map[string]string{"bool": "false", "int": "0"}[o.Type.V]
	case o.Default.V == "" && len(o.Values) > 0:
		return fmt.Sprintf("%q", o.Values[0].V)
	}
	return fmt.Sprintf("%q", o.Default.V)
}

func firstDevice(s *shelf) string {
	for _, d := range s.db.Devices {
		if s.target.Release.Supports(d.SoC.V) {
			return d.Name.V
		}
	}
	return ""
}
