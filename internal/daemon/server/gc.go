//go:build linux

package server

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/disk"
	"github.com/moby/buildkit/worker"

	"github.com/org/jetson-frontend/internal/daemon"
)

const gib = int64(1) << 30

// The bounds of what the builder keeps. A whole desktop stack with VTK compiled
// for two architectures fills about 20 GiB of compile cache (CCACHE_MAXSIZE of
// one cache), and one module's layers about as much.
const (
	cachesMost = 40 * gib
	totalMost  = 160 * gib
	sourceDays = 2
	cacheDays  = 90
)

// budgetsFor divides a disk: compile caches get a fifth of it, everything
// together three fifths, and a tenth is left free.
func budgetsFor(d disk.DiskStat) daemon.Budgets {
	if d.Total == 0 {
		return daemon.Budgets{Caches: cachesMost, Total: totalMost}
	}
	return daemon.Budgets{
		Caches: min(cachesMost, d.Total/5),
		Total:  min(totalMost, d.Total/5*3),
		Free:   d.Total / 10,
	}
}

const (
	typeIsCache  = "type==" + string(client.UsageRecordTypeCacheMount)
	typeNotCache = "type!=" + string(client.UsageRecordTypeCacheMount)
)

// policy is what BuildKit's own collector keeps. Its bounds count everything
// that the daemon holds, whatever a rule is about; buildkitd's first rule thus
// throws compile caches away as soon as 512 MB are used by anything and they
// rest for two days. Here no rule that frees space touches them: what bounds
// them is collector.
func policy(b daemon.Budgets) []client.PruneInfo {
	day := 24 * time.Hour
	return []client.PruneInfo{
		// Quickly made again: fetched or sent anew.
		{Filter: []string{"type==" + string(client.UsageRecordTypeLocalSource), "type==" + string(client.UsageRecordTypeGitCheckout)}, KeepDuration: sourceDays * day, MaxUsedSpace: 2 * gib},
		{Filter: []string{typeIsCache}, KeepDuration: cacheDays * day, MaxUsedSpace: gib},
		{Filter: []string{typeNotCache}, MaxUsedSpace: b.Total, MinFreeSpace: b.Free, ReservedSpace: min(10*gib, b.Total)},
		{Filter: []string{typeNotCache}, All: true, MaxUsedSpace: b.Total, MinFreeSpace: b.Free, ReservedSpace: min(10*gib, b.Total)},
	}
}

// excess turns a budget for cache mounts into a bound for everything, which is
// all that BuildKit can be asked for: it then frees the cache mounts used
// longest ago until the bound holds. ok is false if there is nothing to free.
func excess(du []*client.UsageInfo, budget int64) (bound int64, ok bool) {
	var caches, total int64
	for _, r := range du {
		if r.Shared {
			continue // not counted by BuildKit either
		}
		total += r.Size
		if r.RecordType == client.UsageRecordTypeCacheMount {
			caches += r.Size
		}
	}
	if caches <= budget {
		return 0, false
	}
	return max(1, total-(caches-budget)), true
}

// collectCaches holds the cache mounts within their budget.
func collectCaches(ctx context.Context, w worker.Worker, budget int64) (freed int64, err error) {
	du, err := w.DiskUsage(ctx, client.DiskUsageInfo{})
	if err != nil {
		return 0, fmt.Errorf("counting the caches: %w", err)
	}
	bound, over := excess(du, budget)
	if !over {
		return 0, nil
	}
	ch := make(chan client.UsageInfo)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := range ch {
			freed += r.Size
		}
	}()
	err = w.Prune(ctx, ch, client.PruneInfo{Filter: []string{typeIsCache}, MaxUsedSpace: bound})
	close(ch)
	<-done
	if err != nil {
		return freed, fmt.Errorf("pruning the caches: %w", err)
	}
	return freed, nil
}
