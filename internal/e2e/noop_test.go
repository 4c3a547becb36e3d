package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/jetson-frontend/internal/harness"
)

// BenchmarkNoop times a build in which there is nothing to do, as whole
// processes: `jetson build` and `buildx build` of one stack on one daemon. The
// two take turns, so that a busy machine slows both. buildx has its builder
// made and has started the frontend image before.
func BenchmarkNoop(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "jetson")
	root, err := harness.Root()
	must(b, err)
	compile := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", bin, "./cmd/jetson")
	compile.Dir, compile.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	bx, err := harness.NewBuildx(b.Context(), b.TempDir(), suite.Daemon)
	must(b, err)
	r := fast(b, `stack = "made+setup"`, nil)
	args := append(arguments(r), r.Context)
	ways := []*way{{name: "jetson", run: func() (string, error) {
		cmd := exec.CommandContext(b.Context(), bin, args...)
		cmd.Env = append(os.Environ(), "BUILDKIT_HOST="+suite.Daemon.Addr, "NO_COLOR=1", "SOURCE_DATE_EPOCH=")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}}, {name: "buildx", run: func() (string, error) { return bx.Run(b.Context(), r.Context, args...) }}}
	for _, w := range ways {
		w.once(b) // builds
	}
	if out := ways[0].once(b); !strings.Contains(out, " 0 steps ran") {
		b.Fatalf("a warm build has steps to run:\n%s", out)
	}
	for _, w := range ways {
		w.times = nil
	}
	turn := func() {
		for _, w := range ways {
			w.once(b)
		}
	}
	for b.Loop() {
		turn()
	}
	for len(ways[0].times) < 21 {
		turn()
	}
	for _, w := range ways {
		slices.Sort(w.times)
		b.ReportMetric(float64(w.times[len(w.times)/2].Microseconds())/1000, w.name+"-ms-median")
	}
}

// way is a program that builds, and how long each of its runs took.
type way struct {
	name  string
	run   func() (string, error)
	times []time.Duration
}

func (w *way) once(b *testing.B) string {
	start := time.Now()
	out, err := w.run()
	if err != nil {
		b.Fatalf("%s: %v\n%s", w.name, err, out)
	}
	w.times = append(w.times, time.Since(start))
	return out
}
