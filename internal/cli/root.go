package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/org/jetson-frontend/stacks/diag"
)

// The groups in which help lists the verbs.
const (
	groupBuild = "build"
	groupLook  = "look"
	groupWrite = "write"
)

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "jetson",
		Short: "Build container images for NVIDIA Jetson from stack files",
		Long: `Jetson builds container images for NVIDIA Jetson from stack files: a few lines
of TOML that say what an image should hold and which release it is for.

A verb works on stack.toml in the current folder, on the file that -f names, or
on a stack given in its place.`,
		Example: `  jetson list --jetpack 6.2              # what can be had there
  jetson init vtk9+pcl --jetpack 6.2     # write a stack file
  jetson check                           # is anything wrong with it
  jetson plan                            # what would be built, from where
  jetson build -t mine:1 --push          # build it
  jetson why libgomp1                    # why is that in my image`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownVerb(cmd, args[0])
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help(env))
	root.SetHelpCommand(newHelp())
	root.AddGroup(
		&cobra.Group{ID: groupBuild, Title: "Build"},
		&cobra.Group{ID: groupLook, Title: "Look"},
		&cobra.Group{ID: groupWrite, Title: "Write"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupBuild, newBuild(env), newPlan(env), newCheck(env), newLock(env))
	add(groupLook, newGraph(env), newList(env), newShow(env), newWhy(env))
	add(groupWrite, newInit(env), newFmt(env), newSchema(env))
	root.AddCommand(newBuilder(env), newVersion(env), newCompletion(env), newDaemon())
	return root
}

// newHelp is `jetson help VERB`, for who is used to it.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "Say what a command does",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, _, err := cmd.Root().Find(args)
			if err != nil || len(args) > 0 && c == cmd.Root() {
				return unknownVerb(cmd.Root(), args[0])
			}
			return c.Help()
		},
	}
}

func unknownVerb(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			known = append(known, c.Name())
		}
	}
	msg := fmt.Sprintf("there is no command %q", strings.TrimPrefix(cmd.CommandPath()+" "+name, cmd.Root().Name()+" "))
	if help := diag.DidYouMean(name, known); help != "" {
		msg += " (" + help + ")"
	}
	return usagef("%s\nsee: %s --help", msg, cmd.CommandPath())
}

// flagError says what is wrong with a flag, and which one was likely meant.
func flagError(cmd *cobra.Command, err error) error {
	msg := err.Error()
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		dashes := "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		msg = fmt.Sprintf("%s has no flag %s%s", cmd.CommandPath(), dashes, name)
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		if near := diag.Suggest(name, known); len(near) > 0 && len(name) > 1 {
			for i := range near {
				near[i] = "--" + near[i]
			}
			msg += " (" + diag.DidYouMean(near[0], near) + ")"
		}
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if kind := kindOfFlag(invalid.GetFlag().Value.Type()); kind != "" {
			msg = fmt.Sprintf("--%s takes %s, not %q", invalid.GetFlag().Name, kind, invalid.GetValue())
		}
	}
	return usagef("%s\nsee: %s --help", msg, cmd.CommandPath())
}

// kindOfFlag says what a flag takes, of the types whose own words are those of
// the language that this is written in.
func kindOfFlag(kind string) string {
	return map[string]string{"bool": "true or false", "float64": "a number", "int": "a whole number", "duration": "a time, as 90s or 10m"}[kind]
}

// noArgs refuses arguments of a verb that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, but %q was given\nsee: %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// oneName takes exactly one argument, which what describes.
func oneName(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s takes %s\nsee: %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		case len(args) > 1:
			return usagef("%s takes one name at a time: %q is one too many", cmd.CommandPath(), args[1])
		}
		return nil
	}
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command, p *bool) {
	cmd.Flags().BoolVar(p, "json", false, "print JSON, for scripts")
}

// sortedNames returns names without duplicates, in order.
func sortedNames(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}
