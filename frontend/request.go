package frontend

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// request is what a build asks for besides the stack file.
type request struct {
	filename string
	// args are the build arguments that a stack may take; those that BuildKit
	// and Docker define for themselves are not among them.
	args     map[string]string
	how      How
	epoch    *int64
	build    string // the builder's architecture
	caps     llb.Caps
	contexts []string // names of the named contexts, sorted
}

// How are the build arguments that say how to build, not what. They change no
// plan.
type How struct {
	Cross   graph.CrossMode
	Slots   int
	Mirrors llb.Mirrors
	Disable string
	GPU     bool
}

// HowArguments lists them.
func HowArguments() []resolve.Argument {
	return []resolve.Argument{
		{Name: "CROSS", Summary: "auto, always or never: cross-compile where the builder is of another architecture"},
		{Name: "SLOTS", Summary: "how many heavy steps a daemon runs at once (1)"},
		{Name: "MIRRORS", Summary: "from=to …: fetch what lies under one address from another"},
		{Name: "TEST_GPU", Summary: "1: run the tests that need a GPU, on the device " + graph.GPUDevice},
		{Name: "DISABLE", Summary: "capabilities of the daemon not to use, such as merge (for finding faults)"},
	}
}

func howNames() []string {
	var out []string
	for _, a := range HowArguments() {
		out = append(out, a.Name)
	}
	return out
}

// ParseHow reads them.
func ParseHow(args map[string]string) (How, error) {
	h := How{Cross: graph.CrossAuto, Slots: 1, Disable: args["DISABLE"]}
	if v, ok := args["CROSS"]; ok {
		modes := []graph.CrossMode{graph.CrossAuto, graph.CrossAlways, graph.CrossNever}
		if !slices.Contains(modes, graph.CrossMode(v)) {
			return h, fmt.Errorf("the build argument CROSS is auto, always or never, not %q", v)
		}
		h.Cross = graph.CrossMode(v)
	}
	if v, ok := args["SLOTS"]; ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 64 {
			return h, fmt.Errorf("the build argument SLOTS is a number from 1 to 64, not %q", v)
		}
		h.Slots = n
	}
	if v, ok := args["TEST_GPU"]; ok {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return h, fmt.Errorf("the build argument TEST_GPU is 0 or 1, not %q", v)
		}
		h.GPU = b
	}
	m, err := llb.ParseMirrors(args["MIRRORS"])
	if err != nil {
		return h, fmt.Errorf("in the build argument MIRRORS: %w", err)
	}
	h.Mirrors = m
	return h, nil
}

// foreignArgs are build arguments of BuildKit's and Docker's own, which every
// frontend gets and which mean nothing to a stack.
func foreignArg(name string) bool {
	switch strings.ToLower(name) {
	case "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy":
		return true
	}
	switch name {
	case "SOURCE_DATE_EPOCH", "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
		"BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT":
		return true
	}
	return strings.HasPrefix(name, "BUILDKIT_")
}

func newRequest(ui *dockerui.Client) (*request, error) {
	r := &request{filename: ui.BuildOpts().Opts["filename"], args: map[string]string{}}
	if r.filename == "" {
		r.filename = dockerui.DefaultDockerfileName
	}
	how := map[string]string{}
	for _, a := range HowArguments() {
		if v, ok := ui.BuildArgs[a.Name]; ok {
			how[a.Name] = v
		}
	}
	var err error
	if r.how, err = ParseHow(how); err != nil {
		return nil, err
	}
	for name, v := range ui.BuildArgs {
		if _, ok := how[name]; !ok && !foreignArg(name) {
			r.args[name] = v
		}
	}
	if v := ui.BuildArgs["SOURCE_DATE_EPOCH"]; v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("SOURCE_DATE_EPOCH is a number of seconds, not %q", v)
		}
		r.epoch = &n
	}
	if len(ui.BuildPlatforms) > 0 {
		r.build = ui.BuildPlatforms[0].Architecture
	}
	caps := ui.BuildOpts().LLBCaps
	if r.caps, err = llb.ReadCaps(caps).Without(r.how.Disable); err != nil {
		return nil, fmt.Errorf("in the build argument DISABLE: %w", err)
	}
	r.contexts = contextNames(ui.BuildOpts().Opts)
	return r, nil
}

// contextNames returns the names of the named contexts, without platforms.
func contextNames(opts map[string]string) []string {
	var names []string
	for k := range opts {
		if name, ok := strings.CutPrefix(k, "context:"); ok {
			name, _, _ = strings.Cut(name, "::")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// LockName is the lock file beside a stack file.
func LockName(filename string) string {
	return strings.TrimSuffix(filename, path.Ext(filename)) + ".lock"
}

// wantedFiles are what is read from where the stack file lies.
func (r *request) wantedFiles() []string {
	return []string{r.filename, r.filename + ".dockerignore", LockName(r.filename)}
}

// arch is the architecture that a platform of the request asks for; "" if it
// leaves that to the stack.
func arch(p *ocispecs.Platform) (string, error) {
	if p == nil {
		return "", nil
	}
	if p.OS != "linux" || p.Architecture != "arm64" && p.Architecture != "amd64" {
		return "", fmt.Errorf("images are built for linux/arm64 and linux/amd64, not for %s/%s", p.OS, p.Architecture)
	}
	return p.Architecture, nil
}

// execOptions are what a user set for everything that runs.
func (b *build) execOptions() []bk.RunOption {
	var out []bk.RunOption
	for _, h := range b.ui.ExtraHosts {
		out = append(out, bk.AddExtraHost(h.Host, h.IP))
	}
	for _, u := range b.ui.Ulimits {
		out = append(out, bk.AddUlimit(bk.UlimitName(u.Name), u.Soft, u.Hard))
	}
	if b.ui.CgroupParent != "" {
		out = append(out, bk.WithCgroupParent(b.ui.CgroupParent))
	}
	if b.ui.ShmSize > 0 {
		out = append(out, bk.AddMount("/dev/shm", bk.Scratch(), bk.Tmpfs(bk.TmpfsSize(b.ui.ShmSize))))
	}
	return out
}

// networkOptions are set on what may use a network. Proxies are no part of a
// cache key.
func (b *build) networkOptions() []bk.RunOption {
	var out []bk.RunOption
	if b.ui.NetworkMode != pb.NetMode_UNSET {
		out = append(out, bk.Network(b.ui.NetworkMode))
	}
	args := b.ui.BuildArgs
	proxy := bk.ProxyEnv{
		HTTPProxy: either(args, "http_proxy"), HTTPSProxy: either(args, "https_proxy"), FTPProxy: either(args, "ftp_proxy"),
		NoProxy: either(args, "no_proxy"), AllProxy: either(args, "all_proxy"),
	}
	if proxy != (bk.ProxyEnv{}) {
		out = append(out, bk.WithProxy(proxy))
	}
	return out
}

func either(args map[string]string, name string) string {
	if v := args[name]; v != "" {
		return v
	}
	return args[strings.ToUpper(name)]
}
