package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
	"github.com/org/jetson-frontend/stacks/tree"
	"github.com/org/jetson-frontend/stacks/version"
)

// targetFlags say what components are to be had on. No stack is needed.
type targetFlags struct {
	jetpack, l4t, device, ubuntu, platform string
	catalog                                string
}

func (t *targetFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.jetpack, "jetpack", "", "a `RELEASE` of JetPack, as 6.2")
	f.StringVar(&t.l4t, "l4t", "", "a `RELEASE` of L4T, as 36.4.3")
	f.StringVar(&t.device, "device", "", "a module, a developer `KIT` or an SoC, as agx-orin")
	f.StringVar(&t.ubuntu, "ubuntu", "", "another `UBUNTU` under the release, as 24.04")
	f.StringVar(&t.platform, "platform", "", "a platform by `NAME`, as debian-12")
	f.StringVar(&t.catalog, "catalog", "", "a `FOLDER` with components of your own, put over the catalog")
	completeFlags(cmd)
}

// given reports whether a target was named.
func (t *targetFlags) given() bool {
	return t.jetpack+t.l4t+t.device+t.ubuntu+t.platform != ""
}

// shelf is the catalog and the platforms, with a target if one was named.
type shelf struct {
	cat    *catalog.Catalog
	db     *platform.DB
	target *platform.Target
	choice platform.Choice
}

func (t *targetFlags) open() (*shelf, error) {
	cat, err := catalog.Embedded()
	if err != nil {
		return nil, err
	}
	db, diags := platform.Embedded()
	if diags.HasErrors() {
		return nil, diags.Err()
	}
	s := &shelf{cat: cat, db: db}
	if t.catalog != "" {
		if err := s.over(t.catalog); err != nil {
			return nil, err
		}
	}
	if !t.given() {
		return s, nil
	}
	s.choice = platform.Choice{
		JetPack: flagText("--jetpack", t.jetpack), L4T: flagText("--l4t", t.l4t), Device: flagText("--device", t.device),
		Ubuntu: flagText("--ubuntu", t.ubuntu), Platform: flagText("--platform", t.platform), Native: runtime.GOARCH,
	}
	if t.jetpack+t.l4t+t.platform == "" {
		if s.choice.JetPack.V, err = s.newestFor(t.device); err != nil {
			return nil, err
		}
	}
	target, diags := s.db.Choose(s.choice)
	if diags.HasErrors() {
		return nil, diags.Err()
	}
	s.target = target
	return s, nil
}

// flagText is a flag's value, with the flag as its place in messages.
func flagText(flag, value string) tree.Text {
	if value == "" {
		return tree.Text{}
	}
	f := &diag.File{Name: "command line", Data: []byte(flag + " " + value)}
	return tree.Text{V: value, At: diag.Range{File: f, Start: len(flag) + 1, End: len(f.Data)}}
}

// newestFor is the newest release that runs on a device. A name that is
// unknown is left for the choice to report.
func (s *shelf) newestFor(device string) (string, error) {
	soc := device
	if d, ok := s.db.Device(device); ok {
		soc = d.SoC.V
	}
	best := ""
	for i := range s.db.Releases {
		r := &s.db.Releases[i]
		if (device == "" || r.Supports(soc)) && (best == "" || version.Compare(r.JetPack.V, best) > 0) {
			best = r.JetPack.V
		}
	}
	if best == "" {
		g := diag.Errorf("unknown-device", flagText("--device", device).At, "there is no device %q that a release here runs on", device)
		g.Help = diag.DidYouMean(device, deviceNames(s.db))
		return "", diag.List{g}.Err()
	}
	return best, nil
}

// offer is a component with what comes of asking for it alone.
type offer struct {
	entry *catalog.Entry
	// ref is how it is asked for: its name, or with the variant without which
	// it cannot be had.
	ref     string
	version string
	// why is the reason for which it cannot be had; "" if it can.
	why string
}

// on resolves a component on the shelf's target, as a stack of its own: what
// it needs must be there too.
func (s *shelf) on(e *catalog.Entry) offer {
	o := offer{entry: e, ref: e.Name.V}
	if o.version, o.why = s.try(o.ref); o.why == "" {
		return o
	}
	for _, axis := range e.Variants {
		for _, v := range axis.Values {
			ref := e.Name.V + ":" + v.V
			if got, why := s.try(ref); why == "" {
				return offer{entry: e, ref: ref, version: got}
			}
		}
	}
	return o
}

func (s *shelf) try(ref string) (got, why string) {
	refs, diags := stacks.ParseRefs("command line", ref)
	if diags.HasErrors() {
		return "", diags[0].Summary
	}
	r := s.resolve(refs)
	if r.Plan == nil {
		return "", reason(r.Diags)
	}
	for _, c := range r.Plan.Components {
		if e, _, _ := s.cat.Find(refs[0].Name.V); e != nil && c.ID() == e.Name.V {
			return c.Version, ""
		}
	}
	return "", ""
}

func (s *shelf) resolve(refs stacks.Refs) resolve.Result {
	c := s.choice
	st := &stacks.Stack{Stack: refs, JetPack: c.JetPack, L4T: c.L4T, Platform: c.Platform, Ubuntu: c.Ubuntu, Device: c.Device}
	return resolve.Resolve(resolve.Input{
		Stack: st, Catalog: s.cat, Platforms: s.db, Facts: resolve.Facts{Offline: true}, Native: runtime.GOARCH,
		NoAdvice: true, // reason reads none of it
	})
}

// reason is the first error in one line.
func reason(list diag.List) string {
	for _, d := range list {
		if d.Severity == diag.Error {
			if d.Detail != "" {
				return d.Summary + "; " + strings.ReplaceAll(d.Detail, "\n", " ")
			}
			return d.Summary
		}
	}
	return "it does not resolve"
}

// releases are the releases of JetPack, the newest first.
func (s *shelf) releases() []*platform.Release {
	var out []*platform.Release
	for i := range s.db.Releases {
		out = append(out, &s.db.Releases[i])
	}
	slices.SortStableFunc(out, func(a, b *platform.Release) int { return version.Compare(b.JetPack.V, a.JetPack.V) })
	return out
}

// elsewhere is the same shelf before another release.
func (s *shelf) elsewhere(jetpack string) (*shelf, error) {
	o := &shelf{cat: s.cat, db: s.db, choice: platform.Choice{JetPack: tree.Text{V: jetpack}, Native: runtime.GOARCH}}
	t, diags := s.db.Choose(o.choice)
	if t == nil {
		return nil, fmt.Errorf("choosing JetPack %s: %w", jetpack, diags.Err())
	}
	o.target = t
	return o, nil
}
