package e2e

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// BenchmarkRequest times a warm build: until the first vertex of the stack is
// known to the daemon, and whole; in this process and through the frontend
// image.
func BenchmarkRequest(b *testing.B) {
	for _, bench := range []struct {
		name  string
		build func(context.Context, *client.Client, engine.Request, chan *client.SolveStatus) (engine.Result, error)
	}{{"in-process", engine.Build}, {"frontend-image", engine.Forward}} {
		b.Run(bench.name, func(b *testing.B) {
			c, err := suite.Daemon.Client(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			r := fast(b, `stack = "made+setup"`, nil)
			var first time.Duration
			for b.Loop() {
				var out bytes.Buffer
				r.Exports = []client.ExportEntry{harness.OCIExport(&out, nil)}
				start := time.Now()
				ch := make(chan *client.SolveStatus)
				seen := make(chan time.Duration, 1)
				go func() {
					at := time.Duration(0)
					for st := range ch {
						for _, v := range st.Vertexes {
							if at == 0 && strings.HasPrefix(v.Name, "[made") {
								at = time.Since(start)
							}
						}
					}
					seen <- at
				}()
				if _, err := bench.build(b.Context(), c, r, ch); err != nil {
					b.Fatal(err)
				}
				first += <-seen
			}
			b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "ms-to-first-vertex")
		})
	}
}
