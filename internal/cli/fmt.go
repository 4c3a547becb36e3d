package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/format"
	"github.com/org/jetson-frontend/stacks/tree"
)

type fmtFlags struct{ check, diff bool }

func newFmt(env Env) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [FILE | FOLDER | -]…",
		Short: "Format stack and component files",
		Long: `Fmt writes stack and component files in one form. It keeps comments, the order
of keys and the line breaks of lists, and never changes what a file means.
Without a name it formats stack.toml; in a folder, every stack and component
file below it, and no other TOML; with -, standard input to standard output.`,
		Example: `  jetson fmt
  jetson fmt stack.toml components/
  jetson fmt --check .                  # ends with 1 if a file is not formatted
  jetson fmt --diff
  jetson fmt - < stack.toml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{DefaultFile}
			}
			return f.run(cmd.Context(), env, args)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; name what is not formatted and end with 1")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "write nothing; show what would change")
	return cmd
}

func (f *fmtFlags) run(ctx context.Context, env Env, args []string) error {
	failed := false
	for _, arg := range args {
		if arg == "-" {
			data, err := readInput(ctx, env)
			if err != nil {
				return err
			}
			bad, err := f.input(env, data)
			if err != nil {
				return err
			}
			failed = failed || bad
			continue
		}
		names, err := tomlFiles(ctx, arg)
		if err != nil {
			return err
		}
		for _, name := range names {
			bad, err := f.file(ctx, env, name)
			if err != nil {
				return err
			}
			failed = failed || bad
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// input formats standard input.
func (f *fmtFlags) input(env Env, data []byte) (bad bool, err error) {
	out, err := format.Source(&diag.File{Name: "-", Data: data})
	if err != nil {
		return env.found(err)
	}
	if f.check || f.diff {
		return f.compare(env, "-", data, out), nil
	}
	_, err = env.Stdout.Write(out)
	return false, err
}

// file formats a file in its place.
func (f *fmtFlags) file(ctx context.Context, env Env, name string) (bad bool, err error) {
	data, err := readText(ctx, name)
	if err != nil {
		return false, cannotRead(name, err)
	}
	out, err := format.Source(&diag.File{Name: name, Data: data})
	if err != nil {
		return env.found(err)
	}
	if f.check || f.diff {
		return f.compare(env, name, data, out), nil
	}
	if bytes.Equal(data, out) {
		return false, nil
	}
	if err := replaceFile(name, out, 0o644); err != nil {
		return false, err
	}
	fmt.Fprintln(env.Stderr, "formatted", diag.Visible(name))
	return false, nil
}

// found shows the findings that err carries; another error is returned.
func (e Env) found(err error) (bad bool, rest error) {
	list, ok := diag.From(err)
	if !ok {
		return false, err
	}
	e.show(list)
	return true, nil
}

// compare reports, with --check, whether a file is not formatted.
func (f *fmtFlags) compare(env Env, name string, data, out []byte) bool {
	if bytes.Equal(data, out) {
		return false
	}
	if f.diff {
		_, _ = env.Stdout.Write(diff.Diff(name, data, name+" (formatted)", out)) // a closed pipe wants no more
	} else {
		fmt.Fprintln(env.Stdout, name)
	}
	return f.check
}

// tomlFiles is a file itself, or the stack and component files of a folder.
func tomlFiles(ctx context.Context, arg string) ([]string, error) {
	st, err := os.Stat(arg)
	if err != nil {
		return nil, cannotRead(arg, err)
	}
	if !st.IsDir() {
		return []string{arg}, nil
	}
	var out []string
	err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != arg && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Type().IsRegular() && strings.HasSuffix(p, ".toml") && ours(ctx, p):
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		return nil, cannotRead(arg, err)
	}
	return out, nil
}

func cannotRead(name string, err error) error {
	switch {
	case errors.Is(err, errInterrupted):
		return err
	case os.IsNotExist(err):
		return usagef("there is no %s", name)
	}
	return fmt.Errorf("%s cannot be read: %w", name, diag.Reason(err))
}

// ours reports whether a file is a stack or a component, or at least no other
// kind of TOML: a folder may hold other programs' files too.
func ours(ctx context.Context, name string) bool {
	data, err := readText(ctx, name)
	if err != nil {
		return false
	}
	f := &diag.File{Name: name, Data: data}
	alien := func(list diag.List) bool {
		for _, d := range list {
			if d.Rule == "unknown-key" && strings.HasSuffix(d.Summary, "file") || d.Rule == "toml-syntax" {
				return true
			}
		}
		return false
	}
	_, asStack := stacks.Parse(f)
	if !alien(asStack) {
		return true
	}
	_, asComponent := stacks.ParseComponent(&tree.Decoder{}, f)
	return !alien(asComponent)
}
