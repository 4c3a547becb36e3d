package frontend

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/convertllb"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/llb/graph"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// subrequest answers what is not a build: outline, targets, check, convertllb, lock.
func (b *build) subrequest(ctx context.Context) (*gw.Result, bool, error) {
	switch b.ui.BuildOpts().Opts["requestid"] {
	case subrequests.RequestSubrequestsDescribe:
		res, err := describe()
		return res, true, err
	case RequestLock:
		res, err := b.lockFile(ctx)
		return res, true, err
	}
	return b.ui.HandleSubrequest(ctx, dockerui.RequestHandler{
		Outline:     b.outline,
		ListTargets: b.targets,
		Lint:        b.lint,
		ConvertLLB:  b.convert,
	})
}

// describe lists the subrequests. The one of dockerui leaves out lint and
// convertllb.
func describe() (*gw.Result, error) {
	all, err := json.MarshalIndent([]subrequests.Request{
		outline.SubrequestsOutlineDefinition, targets.SubrequestsTargetsDefinition, lint.SubrequestLintDefinition,
		convertllb.SubrequestConvertLLBDefinition, lockRequest(), subrequests.SubrequestsDescribeDefinition,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the subrequests: %w", err)
	}
	var text bytes.Buffer
	if err := subrequests.PrintDescribe(all, &text); err != nil {
		return nil, fmt.Errorf("listing the subrequests: %w", err)
	}
	res := gw.NewResult()
	res.AddMeta("result.json", all)
	res.AddMeta("result.txt", text.Bytes())
	res.AddMeta("version", []byte(subrequests.SubrequestsDescribeDefinition.Version))
	return res, nil
}

// first is the platform that a subrequest is about: the first asked for.
func (b *build) first() *ocispecs.Platform {
	if len(b.ui.TargetPlatforms) > 0 {
		return &b.ui.TargetPlatforms[0]
	}
	return nil
}

func (b *build) outline(ctx context.Context) (*outline.Outline, error) {
	pl, err := b.plan(ctx, b.first())
	if err != nil {
		return nil, err
	}
	o := &outline.Outline{Name: cmp.Or(b.ui.Target, graph.TargetDev), Description: pl.Plan.Platform.Name, Sources: [][]byte{b.file.Data}}
	for _, t := range graph.Targets(pl.Plan) {
		if t.Name == o.Name {
			o.Description = t.Summary + ", for " + pl.Plan.Platform.Name
		}
	}
	for _, a := range slices.Concat(resolve.Arguments(), HowArguments()) {
		o.Args = append(o.Args, outline.Arg{Name: a.Name, Description: a.Summary, Value: b.ui.BuildArgs[a.Name]})
	}
	for _, name := range sortedKeys(pl.Plan.Platform.Versions) {
		o.Args = append(o.Args, outline.Arg{
			Name: resolve.VersionArgument(name), Description: "version of " + name, Value: pl.Plan.Platform.Versions[name],
		})
	}
	for _, c := range pl.Plan.Components {
		if c.Host || c.Version == "" {
			continue
		}
		arg := outline.Arg{Name: resolve.VersionArgument(c.Name), Description: "version of " + c.Name, Value: c.Version}
		if at := pl.Lines[c.ID()]; at.Known() && at.File == b.file {
			arg.Location = &pb.Location{Ranges: []*pb.Range{pbRange(at)}}
		}
		o.Args = append(o.Args, arg)
	}
	o.Secrets = []outline.Secret{{Name: "jetson"}}
	return o, nil
}

func (b *build) targets(ctx context.Context) (*targets.List, error) {
	pl, err := b.plan(ctx, b.first())
	if err != nil {
		return nil, err
	}
	l := &targets.List{Sources: [][]byte{b.file.Data}}
	for _, t := range graph.Targets(pl.Plan) {
		l.Targets = append(l.Targets, targets.Target{Name: t.Name, Description: t.Summary, Default: t.Name == graph.TargetDev})
	}
	return l, nil
}

// lint gives every finding, errors among them: who asks for a check wants all
// of them and not the first.
func (b *build) lint(ctx context.Context) (*lint.LintResults, error) {
	out := &lint.LintResults{}
	source := out.AddSource(b.source.SourceMap)
	var list diag.List
	pl, err := b.plan(ctx, b.first())
	switch {
	case err == nil:
		list = pl.Diags
	default:
		var ok bool
		if list, ok = diag.From(err); !ok {
			return nil, err
		}
	}
	for _, d := range list {
		out.AddWarning(d.Rule, d.Severity.String(), RulePage(d.Rule), d.Message(), source, lintRange(d.Range, b.file))
	}
	return out, nil
}

// RulePage is where a rule is explained.
func RulePage(rule string) string {
	return "https://github.com/org/jetson-frontend/blob/main/docs/rules.md#" + rule
}

func lintRange(r diag.Range, file *diag.File) []parser.Range {
	if !r.Known() || r.File != file {
		r = diag.Range{File: file}
	}
	start, end := r.Pos(), r.EndPos()
	return []parser.Range{{
		Start: parser.Position{Line: start.Line, Character: start.Col - 1},
		End:   parser.Position{Line: end.Line, Character: end.Col - 1},
	}}
}

// convert gives the graph as LLB, for who wants to look at it.
func (b *build) convert(ctx context.Context) (*convertllb.Result, error) {
	pl, err := b.plan(ctx, b.first())
	if err != nil {
		return nil, err
	}
	r, err := b.render(ctx, pl)
	if err != nil {
		return nil, err
	}
	def, err := r.Definition(r.Result)
	if err != nil {
		return nil, err
	}
	out := &convertllb.Result{Def: map[digest.Digest]*pb.Op{}, Metadata: map[digest.Digest]bk.OpMetadata{}, Source: def.Source}
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, fmt.Errorf("reading the graph back: %w", err)
		}
		out.Def[digest.FromBytes(dt)] = &op
	}
	for k, md := range def.Metadata {
		out.Metadata[digest.Digest(k)] = bk.NewOpMetadata(md)
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
