// Command fastbase is all the programs of a base image that is made by `go
// build` alone: a shell and the few commands that the scripts of package op
// use. With it the fast suite needs no archive and is up in seconds. It stands
// in for a distribution in tests of what does not install packages; it is not
// meant to be complete.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	shell "mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func main() {
	name := filepath.Base(os.Args[0])
	run, ok := applets[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "fastbase: there is no %s\n", name)
		os.Exit(127)
	}
	err := run(os.Args[1:])
	var status exitStatus
	switch {
	case errors.As(err, &status):
		os.Exit(int(status))
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// applets are the commands, by name. Links give them their names.
var applets map[string]func([]string) error

func init() { // the shell refers to the table
	applets = map[string]func([]string) error{
		"sh": sh, "bash": sh,
		"cat": cat, "chmod": chmod, "comm": comm, "cp": cp, "cut": cut, "date": date, "env": env, "false": func([]string) error { return exitStatus(1) },
		"find": find, "grep": grep, "head": head, "ln": ln, "ls": ls, "mkdir": mkdir, "nproc": nproc, "readlink": readlink, "rm": rm,
		"rmdir": rmdir, "sleep": sleep, "sort": sortLines, "tail": tail, "touch": touch, "tr": tr,
		"true": func([]string) error { return nil }, "uname": uname, "uniq": uniq, "wc": wc,
	}
}

func sh(args []string) error {
	var src *os.File = os.Stdin
	name := "sh"
	r, err := shell.New(shell.StdIO(os.Stdin, os.Stdout, os.Stderr), shell.ExecHandlers(external))
	if err != nil {
		return err
	}
	parse := syntax.NewParser(syntax.Variant(syntax.LangBash))
	if len(args) > 1 && args[0] == "-c" {
		f, err := parse.Parse(&reader{text: args[1]}, "sh")
		if err != nil {
			return err
		}
		r.Params = args[min(3, len(args)):]
		return status(r.Run(context.Background(), f))
	}
	var options []string
	if len(args) > 0 && args[0] == "-e" {
		options, args = args[:1], args[1:]
	}
	if len(args) > 0 {
		if src, err = os.Open(args[0]); err != nil {
			return err
		}
		name = args[0]
		if err := shell.Params(slices.Concat(options, []string{"--"}, args[1:])...)(r); err != nil {
			return err
		}
	}
	f, err := parse.Parse(src, name)
	if err != nil {
		return err
	}
	return status(r.Run(context.Background(), f))
}

type reader struct{ text string }

func (r *reader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, errEOF
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

func status(err error) error {
	var code shell.ExitStatus
	if errors.As(err, &code) {
		return exitStatus(code)
	}
	return err
}

// external runs a command as a process of its own, as a real shell does.
func external(next shell.ExecHandlerFunc) shell.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		hc := shell.HandlerCtx(ctx)
		path, err := shell.LookPathDir(hc.Dir, hc.Env, args[0])
		if err != nil {
			fmt.Fprintln(hc.Stderr, err)
			return shell.ExitStatus(127)
		}
		cmd := exec.Cmd{Path: path, Args: args, Dir: hc.Dir, Stdin: hc.Stdin, Stdout: hc.Stdout, Stderr: hc.Stderr}
		for name, v := range hc.Env.Each {
			if v.Exported {
				cmd.Env = append(cmd.Env, name+"="+v.String())
			}
		}
		slices.Sort(cmd.Env)
		err = cmd.Run()
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			return shell.ExitStatus(ee.ExitCode())
		}
		return err
	}
}
