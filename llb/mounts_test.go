package llb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/pb"

	"github.com/org/jetson-frontend/stacks/plan"
)

// TestMounts holds every exec to what daemons can mount. Without root BuildKit
// drops each mount whose path begins with /sys, without a word
// (util/rootless/specconv). BuildKit 0.34 loses the error of an exec that has
// one result mounted twice and says "releasing already released reference"
// (registerResultIDsLocked in frontend/gateway).
func TestMounts(t *testing.T) {
	plans := map[string]*plan.Plan{
		"laws": planOf(t, archive(t, "testdata/laws.txtar")), "flagship": real(t, flagship, "6.2", ""),
		"opencv": real(t, flagship+"+opencv:cuda", "6.2", ""), "python": real(t, "pytorch", "6.2", ""),
	}
	for _, name := range sortedKeys(plans) {
		onBuilders(t, func(t *testing.T, build string) {
			execs := 0
			b := compile(t, plans[name], build)
			for _, op := range append(ops(t, b, b.Result), ops(t, b, b.Checks)...) {
				e := op.GetExec()
				if e == nil {
					continue
				}
				execs++
				seen := map[string]string{}
				for _, m := range e.Mounts {
					if strings.HasPrefix(m.Dest, "/sys") {
						t.Errorf("%s: %v: nothing is mounted on %s without root", name, e.Meta.Args, m.Dest)
					}
					if m.Input < 0 || m.MountType == pb.MountType_CACHE {
						continue
					}
					in := op.Inputs[m.Input]
					key := fmt.Sprint(in.Digest, in.Index)
					if at, ok := seen[key]; ok {
						t.Errorf("%s: %v: %s is the same result as %s", name, e.Meta.Args, m.Dest, at)
					}
					seen[key] = m.Dest
				}
			}
			if execs < 10 {
				t.Errorf("%s has %d execs: this test looks at the wrong thing", name, execs)
			}
		})
	}
}
