//go:build linux

package server

import (
	"context"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/stats"
)

// activity counts what clients have under way.
type activity struct {
	mu     sync.Mutex
	calls  int
	builds int
	last   time.Time
	solved time.Time // when the last build ended
}

func newActivity() *activity { return &activity{last: time.Now()} }

func (a *activity) begin(method string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	a.last = time.Now()
	if isBuild(method) {
		a.builds++
	}
}

func (a *activity) end(method string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls--
	a.last = time.Now()
	if isBuild(method) {
		a.builds--
		a.solved = a.last
	}
}

func isBuild(method string) bool { return strings.HasSuffix(method, "/Solve") }

// idle is how long nothing has been under way; 0 if something is.
func (a *activity) idle(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.calls > 0 {
		return 0
	}
	return now.Sub(a.last)
}

// lastBuild is when a build ended last, and whether none runs now.
func (a *activity) lastBuild() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.solved, a.builds == 0
}

// The methods below make it a stats.Handler, which sees every call, streams
// included.

type methodKey struct{}

func (a *activity) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (a *activity) HandleRPC(ctx context.Context, s stats.RPCStats) {
	method, _ := ctx.Value(methodKey{}).(string)
	switch s.(type) {
	case *stats.Begin:
		a.begin(method)
	case *stats.End:
		a.end(method)
	}
}

func (a *activity) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (a *activity) HandleConn(context.Context, stats.ConnStats) {}
