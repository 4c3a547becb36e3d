// Package cli is the command-line tool: one file for each verb, each of them
// thin. What a verb prints for a script goes to standard output, everything
// else to standard error; it ends with 0, with 1 if something is wrong with
// what it was given or built, and with 2 if it was called wrongly.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/diag"
)

// Env is what the tool sees of the system.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Terminal says that standard error is a terminal.
	Terminal bool
}

// System is the process's own environment.
func System() Env {
	st, err := os.Stderr.Stat()
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Terminal: err == nil && st.Mode()&os.ModeCharDevice != 0,
	}
}

func (e Env) style() diag.Style {
	return diag.Style{Color: e.Terminal && e.Getenv("NO_COLOR") == ""}
}

// usageError is a wrong call.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// reported is an error whose message the user has seen.
var errReported = errors.New("reported")

// Main runs the tool and returns its exit status.
func Main(args []string, env Env) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(env)
	root.SetArgs(args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetIn(env.Stdin)
	return env.exit(root.ExecuteContext(ctx))
}

// exit shows an error and returns the status for it.
func (e Env) exit(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errReported):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(e.Stderr, "jetson: %v\n", err)
		return 2
	}
	if list, ok := diag.From(err); ok {
		e.show(list)
		return 1
	}
	fmt.Fprintf(e.Stderr, "jetson: %v\n", err)
	return 1
}

// show writes findings with their lines.
func (e Env) show(list diag.List) {
	if len(list) == 0 {
		return
	}
	_ = e.style().Render(e.Stderr, list) // a closed terminal is nobody to tell
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "jetson",
		Short:         "Build container images for NVIDIA Jetson from stack files",
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
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee: %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(newBuild(env), newPlan(env), newCheck(env))
	return root
}

func unknownVerb(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			known = append(known, c.Name())
		}
	}
	msg := fmt.Sprintf("there is no command %q", name)
	if help := diag.DidYouMean(name, known); help != "" {
		msg += " (" + help + ")"
	}
	return usagef("%s", msg)
}
