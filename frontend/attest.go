package frontend

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/platforms"
	intoto "github.com/in-toto/in-toto-golang/in_toto"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/attestations/sbom"
	"github.com/moby/buildkit/frontend/dockerui"
	gw "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/result"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	own "github.com/org/jetson-frontend/frontend/sbom"
	"github.com/org/jetson-frontend/llb"
	"github.com/org/jetson-frontend/stacks/plan"
)

// sbomFile is the document in its attestation, and in an export to files.
const sbomFile = sbom.CoreSBOMName + ".spdx.json"

// built are the results of a request, by platform, for what is said of them.
type built struct {
	mu   sync.Mutex
	byID map[string]*builtPlatform
}

type builtPlatform struct {
	plan *plan.Plan
	ref  gw.Reference
	date time.Time
}

// keep enters a result. What was asked for may be no platform: then it is the
// daemon's own, by which the exporter names the result.
func (r *built) keep(p *ocispecs.Platform, one *builtPlatform) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = map[string]*builtPlatform{}
	}
	id := platforms.DefaultSpec()
	if p != nil {
		id = *p
	}
	r.byID[platforms.FormatAll(platforms.Normalize(id))] = one
}

// wantsSBOM reports whether the request asks for a list of what is in the image
// and names no generator. One that is named is run by BuildKit itself, which
// does so when a result comes without such a list.
func (b *build) wantsSBOM() bool {
	v, ok := sbomOption(b.ui.BuildOpts().Opts)
	return ok && b.ui.SBOM != nil && !strings.Contains(v, "generator=")
}

// sbomOption is what a request says of the list: its own option goes before the
// build argument.
func sbomOption(opts map[string]string) (string, bool) {
	if v, ok := opts["attest:sbom"]; ok {
		return v, true
	}
	for _, name := range slices.Sorted(maps.Keys(opts)) {
		if strings.EqualFold(name, "build-arg:BUILDKIT_ATTEST_SBOM") {
			return opts[name], true
		}
	}
	return "", false
}

// attest attaches to each platform's result what it holds.
func (b *build) attest(ctx context.Context, rb *dockerui.ResultBuilder, r *built) error {
	if !b.wantsSBOM() {
		return nil
	}
	var mu sync.Mutex
	return rb.EachPlatform(ctx, func(ctx context.Context, id string, _ ocispecs.Platform) (err error) {
		defer recovered(&err)
		one, ok := r.byID[id]
		if !ok {
			return fmt.Errorf("there is no result for %s to describe", id)
		}
		a, err := b.sbom(ctx, one)
		if err != nil {
			return fmt.Errorf("listing what the image holds: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		rb.AddAttestation(id, *a)
		return nil
	})
}

func (b *build) sbom(ctx context.Context, one *builtPlatform) (*result.Attestation[gw.Reference], error) {
	var root fs.FS = treeFS{ctx: ctx, ref: one.ref, max: maxOwnFile}
	doc, err := own.Document(own.Image{Plan: one.plan, Target: b.ui.Target, Root: root, Date: one.date})
	if err != nil {
		return nil, err
	}
	st := bk.Scratch().File(bk.Mkfile("/"+sbomFile, 0o644, doc, bk.WithCreatedTime(one.date)), bk.WithCustomName("[image] list of what it holds"))
	def, err := st.Marshal(ctx, bk.WithCaps(b.ui.BuildOpts().LLBCaps), bk.Platform(llb.Platform(one.plan.Platform.Arch)))
	if err != nil {
		return nil, fmt.Errorf("marshalling the list: %w", err)
	}
	res, err := b.ui.GatewayClient().Solve(ctx, gw.SolveRequest{Definition: def.ToPB()})
	if err != nil {
		return nil, err
	}
	ref, err := res.SingleRef()
	if err != nil {
		return nil, err
	}
	return &result.Attestation[gw.Reference]{
		Kind: gwpb.AttestationKind_InToto,
		Ref:  ref,
		Path: "/" + sbomFile,
		Metadata: map[string][]byte{
			result.AttestationReasonKey: []byte(result.AttestationReasonSBOM),
			result.AttestationSBOMCore:  []byte(sbom.CoreSBOMName),
		},
		InToto: result.InTotoAttestation{PredicateType: intoto.PredicateSPDX},
	}, nil
}
