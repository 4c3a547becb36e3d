package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// DefaultFile is the stack file that is taken if none is named.
const DefaultFile = "stack.toml"

// stackFlags say which stack a verb works on. They are the same for every verb
// that takes one.
type stackFlags struct {
	file     string
	platform []string
	jetpack  string
	device   string
	args     []string
	contexts []string
	// filled in by positional
	shorthand string
	context   string
	// filled in by prepare: the OCI platforms that were asked for
	platforms []string
	// foreign says that the catalog is laid over by what only a builder reads
	foreign bool
}

func (s *stackFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	defer completeFlags(cmd)
	cmd.ValidArgsFunction = completeStack
	f.StringVarP(&s.file, "file", "f", "", "the stack `FILE` (stack.toml); - is standard input")
	f.StringVar(&s.jetpack, "jetpack", "", "the `RELEASE` of JetPack to build for, as 6.2")
	f.StringVar(&s.device, "device", "", "the module or developer `KIT`, as agx-orin")
	f.StringSliceVar(&s.platform, "platform", nil, "what to build for: linux/arm64, or a platform by `NAME`, as debian-12")
	f.StringArrayVar(&s.args, "build-arg", nil, "override a part of the stack, `KEY=VALUE` as BASE=image or UBUNTU_VERSION=24.04")
	f.StringArrayVar(&s.contexts, "build-context", nil, "put something in place of an image, a source or the catalog, as `NAME=PATH`")
}

// positional reads the argument: a folder is the build context, anything else
// a shorthand such as humble+qt5.
func (s *stackFlags) positional(args []string) error {
	if len(args) > 1 {
		return usagef("one stack at a time: %q is one too many", args[1])
	}
	s.context = "."
	if len(args) == 0 {
		return nil
	}
	if st, err := os.Stat(args[0]); err == nil && st.IsDir() {
		s.context = args[0]
		return nil
	}
	if strings.ContainsAny(args[0], "/\\") || strings.HasSuffix(args[0], ".toml") {
		return usagef("%s is not a folder; a stack file is named with -f", args[0])
	}
	if s.file != "" {
		return usagef("the stack is given twice: as %s and with -f %s", args[0], s.file)
	}
	s.shorthand = args[0]
	return nil
}

// pairs reads KEY=VALUE flags. A key without a value takes it from the
// environment and is left out where that has none, as docker build does.
func pairs(flag string, list []string, env Env) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range list {
		k, v, ok := strings.Cut(p, "=")
		if !ok && k != "" && flag == "build-arg" {
			if v = env.Getenv(k); v == "" {
				continue
			}
		} else if !ok {
			return nil, usagef("--%s takes NAME=VALUE, not %q", flag, p)
		}
		if k == "" {
			return nil, usagef("--%s takes NAME=VALUE, not %q", flag, p)
		}
		out[k] = v
	}
	return out, nil
}

// path is the stack file's own, or "" if the stack has none.
func (s *stackFlags) path() string {
	switch {
	case s.shorthand != "" || s.file == "-":
		return ""
	case s.file != "":
		return s.file
	}
	return filepath.Join(s.context, DefaultFile)
}

// read returns the stack's text.
func (s *stackFlags) read(ctx context.Context, env Env) (*diag.File, error) {
	switch {
	case s.shorthand != "":
		return &diag.File{Name: "command line", Data: []byte("stack = " + tomlString(s.shorthand) + "\n")}, nil
	case s.file == "-":
		data, err := readInput(ctx, env)
		if err != nil {
			return nil, err
		}
		return &diag.File{Name: "-", Data: data}, nil
	}
	data, err := readText(ctx, s.path())
	if err != nil {
		if errors.Is(err, errInterrupted) {
			return nil, err
		}
		if os.IsNotExist(err) && s.file == "" {
			return nil, usagef("there is no %s here; jetson init writes one, -f names another, and a stack may stand in its place: humble+qt5 --jetpack 6.2", s.path())
		}
		if os.IsNotExist(err) {
			return nil, usagef("there is no file %s", s.path())
		}
		return nil, fmt.Errorf("%s cannot be read: %w", s.path(), diag.Reason(err))
	}
	return &diag.File{Name: s.path(), Data: data}, nil
}

// prepare reads the stack and all that belongs to it, without a daemon.
func (s *stackFlags) prepare(ctx context.Context, env Env) (frontend.Prepared, error) {
	f, err := s.read(ctx, env)
	if err != nil {
		return frontend.Prepared{}, err
	}
	args, err := s.arguments(env)
	if err != nil {
		return frontend.Prepared{}, err
	}
	maps.DeleteFunc(args, func(name, _ string) bool { return frontend.ForeignArgument(name) })
	contexts, err := pairs("build-context", s.contexts, env)
	if err != nil {
		return frontend.Prepared{}, err
	}
	files := frontend.Files{Context: openDir(s.context)}
	if dir := contexts["catalog"]; isDir(dir) {
		files.Catalog = openDir(dir)
	}
	s.foreign = contexts["catalog"] != "" && files.Catalog == nil
	if p := s.path(); p != "" {
		files.Beside = openDir(filepath.Dir(p))
		files.Lock = frontend.LockName(filepath.Base(p))
		files.LockName = frontend.LockName(p)
	}
	prep := frontend.Prepare(f, args, files)
	prep.Input.Native = runtime.GOARCH
	for name := range contexts {
		name, _, _ = strings.Cut(name, "::") // a context of one platform
		prep.Input.Facts.Contexts = append(prep.Input.Facts.Contexts, name)
	}
	slices.Sort(prep.Input.Facts.Contexts)
	if len(s.platforms) > 0 {
		prep.Input.Arch = strings.TrimPrefix(s.platforms[0], "linux/")
	}
	return prep, nil
}

// resolveOffline makes the plan without looking anything up.
func (s *stackFlags) resolveOffline(ctx context.Context, env Env) (resolve.Result, error) {
	prep, err := s.prepare(ctx, env)
	if err != nil {
		return resolve.Result{}, err
	}
	if prep.Diags.HasErrors() {
		return resolve.Result{Diags: s.findings(prep)}, nil
	}
	if s.foreign {
		return resolve.Result{}, usagef("--build-context catalog= is not a folder here; only a build can read anything else")
	}
	if len(s.platforms) > 1 {
		return resolve.Result{}, usagef("a plan is for one platform at a time: %s is one too many", s.platforms[1])
	}
	prep.Input.Facts.Offline = true
	r := resolve.Resolve(prep.Input)
	frontend.Lint(&r)
	r.Diags = append(prep.Diags, r.Diags...).Sorted()
	s.adviseFlags(r.Diags)
	return r, nil
}

// findings are those of a stack that cannot be resolved. A catalog that is not
// here knows names that nobody else does.
func (s *stackFlags) findings(prep frontend.Prepared) diag.List {
	if s.foreign {
		return prep.Diags.Sorted()
	}
	return prep.Findings()
}

// absent says what a plan takes from the build context and would not get there.
func (s *stackFlags) absent(ctx context.Context, env Env, r resolve.Result, target string) (diag.List, error) {
	if r.Plan == nil || len(r.Context) == 0 {
		return nil, nil
	}
	g, err := graph.New(r.Plan, graph.Options{Build: runtime.GOARCH, Target: target})
	if err != nil {
		return nil, err
	}
	from, err := engine.OpenFolder(s.context, s.path())
	if err != nil {
		return nil, err
	}
	contexts, err := pairs("build-context", s.contexts, env)
	if err != nil {
		return nil, err
	}
	return frontend.Absent(ctx, r, g, from, func(component string) bool {
		_, ok := contexts[component]
		return ok
	})
}

// adviseFlags turns advice for a file's author into advice for who wrote the
// stack on the command line.
func (s *stackFlags) adviseFlags(list diag.List) {
	for i := range list {
		if s.shorthand != "" && list[i].Rule == "no-platform" {
			list[i].Help = "add --jetpack with a release, as in --jetpack 6.2, or --platform with a name, as in --platform debian-12"
		}
	}
}

// arguments are the build arguments, with those that flags stand for, and
// fills in the OCI platforms that were asked for.
func (s *stackFlags) arguments(env Env) (map[string]string, error) {
	args, err := pairs("build-arg", s.args, env)
	if err != nil {
		return nil, err
	}
	name := ""
	s.platforms = nil
	for _, p := range s.platform {
		switch {
		case !strings.Contains(p, "/") && name == "":
			name = p
		case p == "linux/arm64" || p == "linux/amd64":
			s.platforms = append(s.platforms, p)
		default:
			return nil, usagef("--platform is linux/arm64, linux/amd64 or the name of one platform, as debian-12; not %q", p)
		}
	}
	for _, f := range []struct{ flag, arg, value string }{{"--jetpack", "JETPACK", s.jetpack}, {"--device", "DEVICE", s.device}, {"--platform", "PLATFORM", name}} {
		if f.value == "" {
			continue
		}
		if have, ok := args[f.arg]; ok && have != f.value {
			return nil, usagef("%s %s and --build-arg %s=%s contradict each other", f.flag, f.value, f.arg, have)
		}
		args[f.arg] = f.value
	}
	return args, nil
}

// tomlString writes a string of TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
