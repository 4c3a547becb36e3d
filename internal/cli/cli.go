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

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/stacks/diag"
)

// Env is what the tool sees of the system.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Terminal says that standard error is a terminal, Asks that there is
	// somebody to ask: standard input and error are both one.
	Terminal, Asks bool
	// Width is the width of standard output in columns, 0 if it is no terminal.
	Width int
}

// System is the process's own environment.
func System() Env {
	errs := columns(os.Stderr) > 0
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Terminal: errs, Asks: errs && columns(os.Stdin) > 0, Width: columns(os.Stdout),
	}
}

func (e Env) style() diag.Style {
	return diag.Style{Color: e.Terminal && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"}
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
	context.AfterFunc(ctx, stop) // whoever asks twice does not want to wait
	out := &output{Writer: env.Stdout}
	env.Stdout = out
	root := newRoot(env)
	root.SetArgs(args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetIn(env.Stdin)
	status := env.exit(root.ExecuteContext(ctx))
	if err := out.failure(); err != nil && status == 0 {
		fmt.Fprintf(env.Stderr, "jetson: standard output: %v\n", diag.Reason(err))
		return 1
	}
	return status
}

// exit shows an error and returns the status for it.
func (e Env) exit(err error) int {
	var usage usageError
	var address engine.AddressError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errReported):
		return 1
	case errors.As(err, &usage), errors.As(err, &address):
		e.say(err)
		return 2
	}
	if list, ok := diag.From(err); ok {
		e.show(list)
		return 1
	}
	e.say(err)
	return 1
}

// say writes an error that has no place in a file. It may quote what a stranger
// wrote.
func (e Env) say(err error) { fmt.Fprintf(e.Stderr, "jetson: %s\n", diag.Visible(err.Error())) }

// show writes findings with their lines.
func (e Env) show(list diag.List) {
	if len(list) == 0 {
		return
	}
	_ = e.style().Render(e.Stderr, list) // a closed terminal is nobody to tell
}
