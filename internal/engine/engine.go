// Package engine is the client's side of a build: it hands a stack to a
// buildkitd and runs the same build function as the frontend image does, in
// this process.
package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"

	"github.com/org/jetson-frontend/frontend"
)

// Request is a build. The zero values of its options are BuildKit's defaults.
type Request struct {
	// Dir and File say where the stack file is.
	Dir, File string
	// Context is the folder that the stack may copy from.
	Context   string
	Platforms []string
	Target    string
	Args      map[string]string
	Labels    map[string]string
	// Contexts are named contexts, as buildx writes them: a folder,
	// docker-image://…, oci-layout://… or https://….
	Contexts  map[string]string
	NoCache   []string // names; "" alone is everything
	Pull      bool
	Network   string
	Hosts     []string
	Attrs     map[string]string // further frontend attributes, as attest:sbom
	Exports   []client.ExportEntry
	CacheFrom []client.CacheOptionsEntry
	CacheTo   []client.CacheOptionsEntry
	Session   []session.Attachable
	Allow     []string
	// Epoch is SOURCE_DATE_EPOCH, or "".
	Epoch string
	// OnGraph is shown every graph before the daemon gets it, and may refuse
	// it. It may be called from several goroutines at once.
	OnGraph func(*pb.Definition) error
}

// Result is what a build gave.
type Result struct {
	Response map[string]string
	// Err is the build function's own error, with its findings, before it went
	// through the daemon.
	Err error
	// Answer is what a subrequest, whose ID is in Request.Attrs["requestid"],
	// was answered.
	Answer map[string][]byte
}

// Build runs a request. Status goes to ch, which is closed at the end.
func Build(ctx context.Context, c *client.Client, r Request, ch chan *client.SolveStatus) (Result, error) {
	opt, err := r.solveOpt()
	if err != nil {
		if ch != nil {
			close(ch)
		}
		return Result{}, err
	}
	var res Result
	fn := func(ctx context.Context, c gw.Client) (*gw.Result, error) {
		if r.OnGraph != nil {
			c = observed{c, r.OnGraph}
		}
		out, err := frontend.Build(ctx, c)
		res.Err = err
		if err == nil && r.Attrs["requestid"] != "" {
			res.Answer = out.Metadata
			return gw.NewResult(), nil // an answer is nothing to export
		}
		return out, err
	}
	resp, err := c.Build(ctx, opt, "jetson", fn, ch)
	if err != nil {
		return res, err
	}
	res.Response = resp.ExporterResponse
	return res, nil
}

// solveOpt gives the request the form that buildx gives it, key by key, so
// that both builds are one.
func (r Request) solveOpt() (client.SolveOpt, error) {
	opt := client.SolveOpt{
		Exports: r.Exports, CacheExports: r.CacheTo, CacheImports: r.CacheFrom, Session: r.Session, AllowedEntitlements: r.Allow,
		FrontendAttrs: r.attrs(), LocalMounts: map[string]fsutil.FS{}, OCIStores: map[string]content.Store{},
	}
	for name, dir := range map[string]string{"dockerfile": r.Dir, "context": r.Context} {
		if dir == "" {
			continue
		}
		fs, err := fsutil.NewFS(dir)
		if err != nil {
			return opt, fmt.Errorf("the folder %s cannot be read: %w", dir, err)
		}
		opt.LocalMounts[name] = fs
	}
	names := slices.Sorted(maps.Keys(r.Contexts))
	for _, name := range names {
		if err := r.namedContext(&opt, name, r.Contexts[name]); err != nil {
			return opt, fmt.Errorf("the named context %s: %w", name, err)
		}
	}
	return opt, nil
}

func (r Request) attrs() map[string]string {
	a := map[string]string{"filename": r.File}
	if len(r.Platforms) > 0 {
		a["platform"] = strings.Join(r.Platforms, ",")
	}
	if r.Target != "" {
		a["target"] = r.Target
	}
	if len(r.NoCache) > 0 {
		a["no-cache"] = strings.Trim(strings.Join(r.NoCache, ","), ",")
	}
	if r.Pull {
		a["image-resolve-mode"] = "pull"
	}
	if r.Network != "" {
		a["force-network-mode"] = r.Network
	}
	if len(r.Hosts) > 0 {
		a["add-hosts"] = strings.Join(r.Hosts, ",")
	}
	if r.Epoch != "" {
		a["build-arg:SOURCE_DATE_EPOCH"] = r.Epoch
	}
	for k, v := range r.Args {
		a["build-arg:"+k] = v
	}
	for k, v := range r.Labels {
		a["label:"+k] = v
	}
	maps.Copy(a, r.Attrs)
	return a
}

func (r Request) namedContext(opt *client.SolveOpt, name, value string) error {
	key := "context:" + name
	switch {
	case strings.HasPrefix(value, "docker-image://"), strings.HasPrefix(value, "https://"), strings.HasPrefix(value, "http://"),
		strings.HasPrefix(value, "git@"), strings.HasPrefix(value, "ssh://"):
		opt.FrontendAttrs[key] = value
		return nil
	case strings.HasPrefix(value, "oci-layout://"):
		return ociLayout(opt, name, strings.TrimPrefix(value, "oci-layout://"))
	}
	st, err := os.Stat(value)
	if err != nil || !st.IsDir() {
		return fmt.Errorf("%s is not a folder; write a folder, docker-image://…, oci-layout://… or https://…", value)
	}
	fs, err := fsutil.NewFS(value)
	if err != nil {
		return err
	}
	opt.FrontendAttrs[key] = "local:" + name
	opt.LocalMounts[name] = fs
	return nil
}

// ociLayout gives an image that lies in a folder: path[:tag][@digest].
func ociLayout(opt *client.SolveOpt, name, spec string) error {
	path, dgst, _ := strings.Cut(spec, "@")
	tag := ""
	if i := strings.LastIndexByte(path, ':'); i > strings.LastIndexByte(path, '/') {
		path, tag = path[:i], path[i+1:]
	}
	if dgst == "" {
		d, err := LayoutDigest(path, tag)
		if err != nil {
			return err
		}
		dgst = d
	}
	d, err := digest.Parse(dgst)
	if err != nil {
		return fmt.Errorf("%q is not a digest: %w", dgst, err)
	}
	store, err := local.NewStore(path)
	if err != nil {
		return fmt.Errorf("the OCI layout %s cannot be read: %w", path, err)
	}
	id := "jetson-" + digest.FromString(name + path).Encoded()[:16]
	opt.OCIStores[id] = store
	ref := id
	if tag != "" {
		ref += ":" + tag
	}
	opt.FrontendAttrs["context:"+name] = "oci-layout://" + ref + "@" + d.String()
	return nil
}

// StackDir splits the path of a stack file into folder and name.
func StackDir(file string) (dir, name string, err error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", "", fmt.Errorf("finding %s: %w", file, err)
	}
	return filepath.Dir(abs), filepath.Base(abs), nil
}

// Forward runs a request through the frontend image that the stack file's
// syntax line names, as every other client does.
func Forward(ctx context.Context, c *client.Client, r Request, ch chan *client.SolveStatus) (Result, error) {
	opt, err := r.solveOpt()
	if err != nil {
		if ch != nil {
			close(ch)
		}
		return Result{}, err
	}
	opt.Frontend = "dockerfile.v0"
	resp, err := c.Solve(ctx, nil, opt, ch)
	if err != nil {
		return Result{}, err
	}
	return Result{Response: resp.ExporterResponse}, nil
}
