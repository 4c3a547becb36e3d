package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/org/jetson-frontend/internal/harness"
)

// BenchmarkStartup measures whole processes of the tool, as a user meets them:
// it is built as it is released, run, and the median of its runs is reported.
// The targets are 30 ms for --help and 60 ms for a plan.
func BenchmarkStartup(b *testing.B) {
	root, err := harness.Root()
	if err != nil {
		b.Fatal(err)
	}
	bin := filepath.Join(b.TempDir(), "jetson")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", bin, "./cmd/jetson")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	cases := map[string][]string{"help": {"--help"}, "list": {"list"}}
	stacks, err := filepath.Glob(filepath.Join(root, "examples", "*", "stack.toml"))
	if err != nil || len(stacks) == 0 {
		b.Fatalf("no examples: %v", err)
	}
	for _, s := range stacks {
		cases["plan-"+filepath.Base(filepath.Dir(s))] = []string{"plan", filepath.Dir(s)}
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range cases {
			if !yield(n) {
				return
			}
		}
	}) {
		b.Run(name, func(b *testing.B) { medians(b, bin, cases[name]) })
	}
}

// medians runs a program at least 21 times.
func medians(b *testing.B, bin string, args []string) {
	var all []time.Duration
	run := func() {
		start := time.Now()
		if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		all = append(all, time.Since(start))
	}
	for b.Loop() {
		run()
	}
	for len(all) < 21 {
		run()
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-median")
}
