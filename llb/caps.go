// Package llb renders a Plan as a BuildKit LLB graph. The rendering is pure:
// the same plan, options and capabilities give the same bytes, without a look
// at the network, the clock, the environment or the order of a map.
package llb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// Caps is what a daemon can do, as far as a graph depends on it. It is read
// once a request and passed down.
type Caps struct {
	Merge bool // MergeOp; without it trees are copied one after the other
	CDI   bool // devices for tests
	// NoContentCache is leaving a mount out of content hashing. Hashing a
	// sysroot of 3 GB costs seconds; a daemon without it is only slower.
	NoContentCache bool
	// GitSkipSubmodules is leaving a repository's submodules out. A daemon without
	// it, before BuildKit 0.24, fetches all of them.
	GitSkipSubmodules bool
}

// ReadCaps asks a daemon's capability set.
func ReadCaps(set apicaps.CapSet) Caps {
	has := func(id apicaps.CapID) bool { return set.Supports(id) == nil }
	return Caps{
		Merge:             has(pb.CapMergeOp),
		CDI:               has(pb.CapExecMetaCDI),
		NoContentCache:    has(pb.CapExecMountContentCache),
		GitSkipSubmodules: has(pb.CapSourceGitSkipSubmodules),
	}
}

// Without switches capabilities off by name, such as "merge,cdi". It is for
// finding faults: a stack must give the same files with and without.
func (c Caps) Without(names string) (Caps, error) {
	switches := map[string]*bool{"merge": &c.Merge, "cdi": &c.CDI, "contentcache": &c.NoContentCache, "skipsubmodules": &c.GitSkipSubmodules}
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		s, ok := switches[name]
		if !ok {
			known := []string{}
			for k := range switches {
				known = append(known, k)
			}
			slices.Sort(known)
			return c, fmt.Errorf("there is no capability %q (known: %s)", name, strings.Join(known, ", "))
		}
		*s = false
	}
	return c, nil
}
