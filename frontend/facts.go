package frontend

import (
	"context"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sync/errgroup"

	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// maxLookups bounds how often a stack may ask for more facts. One round is the
// rule; a second follows where an answer changes what is needed.
const maxLookups = 4

// resolved resolves a prepared stack, looking up what it asks for.
func (b *build) resolved(ctx context.Context, p *Prepared) (resolve.Result, error) {
	for range maxLookups {
		r := resolve.Resolve(p.Input)
		if len(r.Missing) == 0 || r.Diags.HasErrors() {
			return r, nil
		}
		if err := b.lookUp(ctx, r.Missing, &p.Input.Facts); err != nil {
			return r, err
		}
	}
	return resolve.Result{}, fmt.Errorf("this stack asks for ever more to be looked up")
}

// lookUp asks the daemon for everything at once.
func (b *build) lookUp(ctx context.Context, wanted []resolve.Request, facts *resolve.Facts) error {
	answers := make([]string, len(wanted))
	eg, ctx := errgroup.WithContext(ctx)
	for i, w := range wanted {
		eg.Go(guarded(func() error {
			answer, err := b.ask(ctx, w)
			if err != nil {
				// Words around a gateway error are lost on the wire, so they
				// are made part of its text.
				d := diag.Errorf("lookup", w.At, "%s cannot be looked up: %v", w.Key(), err)
				if r := Refused(w.Key() + ": " + err.Error()); r.Why != "" {
					d.Summary, d.Help = w.Key()+" cannot be looked up: "+r.Why, r.Help
				}
				return diag.List{d}.Err()
			}
			answers[i] = answer
			return nil
		}))
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	for i, w := range wanted {
		facts.Answer(w, answers[i])
	}
	return nil
}

func (b *build) ask(ctx context.Context, w resolve.Request) (string, error) {
	switch {
	case w.Git != nil:
		return b.gitCommit(ctx, w.Git)
	case w.HTTP != "":
		return b.httpDigest(ctx, w.HTTP)
	}
	return b.imageDigest(ctx, w.Image)
}

func (b *build) imageDigest(ctx context.Context, ref string) (string, error) {
	_, d, _, err := b.ui.GatewayClient().ResolveImageConfig(ctx, ref, sourceresolver.Opt{
		LogName:  "load metadata for " + ref,
		ImageOpt: &sourceresolver.ResolveImageOpt{ResolveMode: b.ui.ImageResolveMode.String(), NoConfig: true},
	})
	return d.String(), err
}

func (b *build) gitCommit(ctx context.Context, g *resolve.GitRef) (string, error) {
	op, err := sourceOp(ctx, llb.Git(plan.Source{Git: g.URL, Ref: g.Ref, HostKey: g.HostKey}, b.req.how.Mirrors))
	if err != nil {
		return "", err
	}
	res, err := b.ui.GatewayClient().ResolveSourceMetadata(ctx, op, sourceresolver.Opt{LogName: "look up " + g.Ref + " of " + g.URL})
	if err != nil {
		return "", err
	}
	if res.Git == nil {
		return "", fmt.Errorf("the daemon does not say what %s is", g.Ref)
	}
	if res.Git.CommitChecksum != "" {
		return res.Git.CommitChecksum, nil
	}
	return res.Git.Checksum, nil
}

func (b *build) httpDigest(ctx context.Context, url string) (string, error) {
	op, err := sourceOp(ctx, bk.HTTP(b.req.how.Mirrors.Rewrite(url)))
	if err != nil {
		return "", err
	}
	res, err := b.ui.GatewayClient().ResolveSourceMetadata(ctx, op, sourceresolver.Opt{LogName: "look up " + url})
	if err != nil {
		return "", err
	}
	if res.HTTP == nil {
		return "", fmt.Errorf("the daemon does not say what lies there")
	}
	return res.HTTP.Digest.Encoded(), nil
}

// sourceOp takes the source operation out of a state.
func sourceOp(ctx context.Context, st bk.State) (*pb.SourceOp, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return nil, err
		}
		if src := op.GetSource(); src != nil {
			return src, nil
		}
	}
	return nil, fmt.Errorf("this is not a source")
}
