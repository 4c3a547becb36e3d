package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// LabelPrefix begins every label by which an image says what it is.
const LabelPrefix = "io.jetson-frontend."

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// baseConfig reads the config of the image that the stack is built on.
func (b *build) baseConfig(ctx context.Context, pl *planned) (*dockerspec.DockerOCIImage, error) {
	p := pl.Plan
	ref := p.Base.Ref
	if p.Base.Digest != "" {
		ref += "@" + p.Base.Digest
	}
	platform := llb.Platform(p.Platform.Arch)
	_, _, data, err := b.ui.GatewayClient().ResolveImageConfig(ctx, ref, sourceresolver.Opt{
		LogName:  "load metadata for " + p.Base.Ref,
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &platform, ResolveMode: b.ui.ImageResolveMode.String()},
	})
	if err != nil {
		return nil, diag.List{unreachable(p.Base.Ref, orRange(pl.Lines[resolve.ImageLine(p.Base)], pl.Stack), err)}.Err()
	}
	var img dockerspec.DockerOCIImage
	if err := json.Unmarshal(data, &img); err != nil {
		return nil, fmt.Errorf("the config of the base image %s: %v", p.Base.Ref, err)
	}
	return &img, nil
}

func orRange(a, b diag.Range) diag.Range {
	if a.Known() {
		return a
	}
	return b
}

// imageConfig is the base's config with the plan laid over it. It depends on
// nothing else: an image of the same plan and epoch is the same.
func imageConfig(p *plan.Plan, base *dockerspec.DockerOCIImage, labels map[string]string, target string, epoch time.Time) (*dockerspec.DockerOCIImage, error) {
	img := &dockerspec.DockerOCIImage{}
	img.Platform = ocispecs.Platform{OS: "linux", Architecture: p.Platform.Arch}
	img.RootFS.Type = "layers"
	img.Created = &epoch
	if !wholeImage(target) {
		// A component's tree is no image to run: it says what it is, no more.
		own, err := ownLabels(p)
		img.Config.Labels = merged(own, labels)
		return img, err
	}
	if base != nil {
		img.Config = base.Config
		img.History = slices.Clone(base.History)
		img.Author = base.Author
	}
	c := p.Config
	img.Config.Env = environ(img.Config.Env, c)
	img.Config.OnBuild = nil // it is for who builds on the base, which is done
	command(&img.Config, c)
	for _, f := range []struct {
		dst *string
		src string
	}{{&img.Config.User, c.User}, {&img.Config.WorkingDir, c.Workdir}, {&img.Config.StopSignal, c.StopSignal}} {
		if f.src != "" {
			*f.dst = f.src
		}
	}
	img.Config.ExposedPorts = set(img.Config.ExposedPorts, ports(c.Expose))
	img.Config.Volumes = set(img.Config.Volumes, c.Volumes)
	if h := c.Health; h != nil {
		img.Config.Healthcheck = &dockerspec.HealthcheckConfig{
			Test: append([]string{"CMD"}, h.Argv...), Interval: seconds(h.Interval), Timeout: seconds(h.Timeout),
			StartPeriod: seconds(h.Start), Retries: h.Retries,
		}
	}
	own, err := ownLabels(p)
	img.Config.Labels = merged(img.Config.Labels, own, c.Labels, labels)
	return img, err
}

// command lays the plan's entry point and command over the base's. A command is
// what its entry point is given: without that it goes, as in a Dockerfile.
func command(img *dockerspec.DockerOCIImageConfig, c plan.Config) {
	had := len(img.Entrypoint) > 0
	switch entry := entrypoint(c); {
	case len(c.Entrypoint) > 0:
		img.Entrypoint, img.Cmd = entry, nil
	case entry != nil:
		img.Entrypoint = entry
		if had {
			img.Cmd = nil
		}
	}
	if len(c.Cmd) > 0 {
		img.Cmd = c.Cmd
	}
}

// entrypoint is the plan's own; nil if the base's stays.
func entrypoint(c plan.Config) []string {
	switch {
	case len(c.Entrypoint) > 0:
		return c.Entrypoint
	case len(c.Source) > 0:
		return []string{llb.EntrypointFile}
	}
	return nil
}

// displaced says that a base's entry point is not run any more.
func displaced(p *plan.Plan, base *dockerspec.DockerOCIImage, target string) []string {
	if base == nil || len(base.Config.Entrypoint) == 0 || entrypoint(p.Config) == nil || !wholeImage(target) {
		return nil
	}
	return []string{fmt.Sprintf("the base's entry point is not run: %s stands in the place of %s",
		strings.Join(entrypoint(p.Config), " "), strings.Join(base.Config.Entrypoint, " "))}
}

// history is what an image says of its layers: the base's own words, and the
// step that made each of the others. BuildKit would fill in what its cache
// knows, which is another text, and another digest, for a layer that it pulled.
func history(layers []llb.Layer, base *dockerspec.DockerOCIImage, whole bool, epoch time.Time) []ocispecs.History {
	var out []ocispecs.History
	for _, l := range layers {
		if !l.Image {
			out = append(out, ocispecs.History{Created: &epoch, CreatedBy: l.Name, Comment: "jetson-frontend"})
			continue
		}
		if !whole || base == nil {
			return nil // how many layers it has is not known here
		}
		out = append(out, base.History...)
		said := 0
		for _, h := range base.History {
			if !h.EmptyLayer {
				said++
			}
		}
		for range len(base.RootFS.DiffIDs) - said {
			out = append(out, ocispecs.History{Created: &epoch})
		}
	}
	return out
}

// wholeImage reports whether a target is an image to run.
func wholeImage(target string) bool {
	return slices.Contains([]string{"", graph.TargetDev, graph.TargetRuntime, graph.TargetTest}, target)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func ports(expose []string) []string {
	var out []string
	for _, e := range expose {
		if !strings.Contains(e, "/") {
			e += "/tcp"
		}
		out = append(out, e)
	}
	return out
}

func set(have map[string]struct{}, add []string) map[string]struct{} {
	if len(have)+len(add) == 0 {
		return nil
	}
	out := map[string]struct{}{}
	for k := range have {
		out[k] = struct{}{}
	}
	for _, k := range add {
		out[k] = struct{}{}
	}
	return out
}

func merged(maps ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// environ lays the plan's environment over the base's.
func environ(base []string, c plan.Config) []string {
	have := map[string]string{"PATH": defaultPath}
	for _, e := range base {
		k, v, _ := strings.Cut(e, "=")
		have[k] = v
	}
	for name, paths := range c.Prepend {
		have[name] = llb.Prepended(paths, have[name])
	}
	for k, v := range c.Env {
		have[k] = v
	}
	names := make([]string, 0, len(have))
	for k := range have {
		names = append(names, k)
	}
	slices.Sort(names)
	var out []string
	for _, k := range names {
		out = append(out, k+"="+have[k])
	}
	return out
}

// ownLabels are what the image says about itself, so that it can be run,
// verified, shown and built upon without the stack file.
func ownLabels(p *plan.Plan) (map[string]string, error) {
	d, err := p.Digest()
	if err != nil {
		return nil, err
	}
	run, err := json.Marshal(p.Run)
	if err != nil {
		return nil, fmt.Errorf("encoding the run profile: %w", err)
	}
	var comps []string
	for _, c := range p.Components {
		if c.Shipped {
			comps = append(comps, strings.TrimSuffix(c.Name+"@"+c.Version, "@"))
		}
	}
	slices.Sort(comps)
	var replaced []string
	for _, c := range p.Components {
		for _, s := range c.Sources {
			if s.Replaced != "" && !slices.Contains(replaced, s.Replaced) {
				replaced = append(replaced, s.Replaced)
			}
		}
	}
	slices.Sort(replaced)
	out := map[string]string{
		LabelPrefix + "plan":       d,
		LabelPrefix + "stack":      strings.Join(p.Stack, "+"),
		LabelPrefix + "distro":     p.Platform.Distro,
		LabelPrefix + "components": strings.Join(comps, " "),
		LabelPrefix + "run":        string(run),
	}
	for name, v := range map[string]string{
		"l4t": p.Platform.L4T, "jetpack": p.Platform.JetPack, "device": p.Platform.Device,
		"replaced": strings.Join(replaced, " "), "sm": strings.Join(p.Platform.SMs, " "), "soc": strings.Join(p.Platform.SoCs, " "),
	} {
		if v != "" {
			out[LabelPrefix+name] = v
		}
	}
	if p.Platform.DistroID == "ubuntu" {
		out[LabelPrefix+"ubuntu"] = p.Platform.Release
	}
	for name, v := range p.Platform.Versions {
		out[LabelPrefix+name] = v
	}
	return out, nil
}
