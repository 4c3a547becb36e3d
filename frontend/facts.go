package frontend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
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
		if err := b.lookUp(ctx, r.Missing, &p.Input.Facts, imagesOf(*p), b.mirrors(r.Mirrors)); err != nil {
			return r, err
		}
	}
	return resolve.Result{}, fmt.Errorf("this stack asks for ever more to be looked up")
}

// lookUp asks the daemon for everything at once. bases are images in whose place
// a user may put another. What is looked up is asked of where it is fetched from.
func (b *build) lookUp(ctx context.Context, wanted []resolve.Request, facts *resolve.Facts, bases []string, m llb.Mirrors) error {
	answers := make([]string, len(wanted))
	eg, ctx := errgroup.WithContext(ctx)
	for i, w := range wanted {
		eg.Go(guarded(func() error {
			answer, err := b.ask(ctx, w, m)
			if err != nil {
				// Words around a gateway error are lost on the wire, so they
				// are made part of its text.
				return diag.List{notFound(w, err, slices.Contains(bases, w.Image))}.Err()
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

// notFound is the finding for a request that has no answer.
func notFound(w resolve.Request, err error, isBase bool) diag.Diagnostic {
	if isBase {
		return unreachable(w.Image, w.At, err)
	}
	r := because(w.Key(), err)
	d := diag.Errorf("lookup", w.At, "%s cannot be looked up: %s", w.Key(), r.Why)
	d.Help = r.Help
	switch {
	case w.Image != "":
		d.Summary = fmt.Sprintf("the image %s cannot be reached: %s", w.Image, r.Why)
	case w.Git == nil:
	case strings.HasPrefix(r.Why, theRepository):
		d.Summary = theRepository + " " + w.Git.URL + strings.TrimPrefix(r.Why, theRepository)
		d.Help = "git ls-remote " + w.Git.URL + " prints the tags and branches that it has"
	default:
		d.Summary = fmt.Sprintf("%s of %s cannot be looked up: %s", w.Git.Ref, w.Git.URL, r.Why)
	}
	return d
}

// because is a refusal in an error about something, or the error's own words.
func because(about string, err error) Refusal {
	r := Refused(about + ": " + err.Error())
	if r.Why == "" {
		r.Why = err.Error()
	}
	return r
}

// unreachable is the finding for a base that a registry does not give. What
// credentials do not mend, another place may.
func unreachable(ref string, at diag.Range, err error) diag.Diagnostic {
	r := because(ref, err)
	if r.Registry == "" {
		r.Help = fmt.Sprintf("another place for it: --build-context %s=docker-image://registry.example/%s, or =oci-layout://FOLDER", familiar(ref), repository(ref))
	}
	d := diag.Errorf("lookup", at, "the image %s cannot be reached: %s", ref, r.Why)
	d.Help = r.Help
	return d
}

// repository is a reference without its registry.
func repository(ref string) string {
	n, err := reference.ParseNormalizedNamed(familiar(ref))
	if err != nil {
		return ref
	}
	return strings.TrimPrefix(familiar(ref), reference.Domain(n)+"/")
}

func (b *build) ask(ctx context.Context, w resolve.Request, m llb.Mirrors) (string, error) {
	switch {
	case w.Git != nil:
		return b.gitCommit(ctx, w.Git, m)
	case w.HTTP != "":
		return b.httpDigest(ctx, w.HTTP, m)
	}
	return b.imageDigest(ctx, w.Image)
}

func (b *build) imageDigest(ctx context.Context, ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", err
	}
	_, d, _, err := b.ui.GatewayClient().ResolveImageConfig(ctx, reference.TagNameOnly(named).String(), sourceresolver.Opt{
		LogName:  "load metadata for " + ref,
		ImageOpt: &sourceresolver.ResolveImageOpt{ResolveMode: b.ui.ImageResolveMode.String(), NoConfig: true},
	})
	return d.String(), err
}

func (b *build) gitCommit(ctx context.Context, g *resolve.GitRef, m llb.Mirrors) (string, error) {
	op, err := sourceOp(ctx, llb.Git(plan.Source{Git: g.URL, Ref: g.Ref, HostKey: g.HostKey}, m, b.req.caps))
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

func (b *build) httpDigest(ctx context.Context, url string, m llb.Mirrors) (string, error) {
	op, err := sourceOp(ctx, bk.HTTP(m.Rewrite(url)))
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
