//go:build linux

package server

import (
	"slices"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/filters"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/disk"
)

func TestBudgets(t *testing.T) {
	for _, tc := range []struct{ disk, caches, total int64 }{
		{64 * gib, 64 * gib / 5, 64 * gib / 5 * 3}, // a Jetson's own storage
		{1000 * gib, 40 * gib, 160 * gib},
		{0, 40 * gib, 160 * gib}, // the disk does not say
	} {
		b := budgetsFor(disk.DiskStat{Total: tc.disk})
		if b.Caches != tc.caches || b.Total != tc.total || b.Total < 2*b.Caches {
			t.Errorf("a disk of %d GiB: %+v", tc.disk>>30, b)
		}
	}
}

// TestPolicySparesCaches: a rule that reaches a cache mount asks that it rested
// for months; every other record is reached by a rule without such a time.
func TestPolicySparesCaches(t *testing.T) {
	for _, typ := range []client.UsageRecordType{
		client.UsageRecordTypeCacheMount, client.UsageRecordTypeRegular, client.UsageRecordTypeInternal, client.UsageRecordTypeFrontend,
		client.UsageRecordTypeLocalSource, client.UsageRecordTypeGitCheckout,
	} {
		var keeps []time.Duration
		for _, rule := range policy(budgetsFor(disk.DiskStat{Total: 500 * gib})) {
			f, err := filters.ParseAll(rule.Filter...)
			if err != nil {
				t.Fatal(err)
			}
			if f.Match(filters.AdapterFunc(func(path []string) (string, bool) { return string(typ), path[0] == "type" })) {
				keeps = append(keeps, rule.KeepDuration)
			}
		}
		shortest := slices.Min(keeps)
		if cache := typ == client.UsageRecordTypeCacheMount; cache && shortest < cacheDays*24*time.Hour || !cache && shortest != 0 {
			t.Errorf("%s is kept for %v", typ, keeps)
		}
	}
}

func TestExcess(t *testing.T) {
	du := []*client.UsageInfo{
		{RecordType: client.UsageRecordTypeCacheMount, Size: 30}, {RecordType: client.UsageRecordTypeCacheMount, Size: 20},
		{RecordType: client.UsageRecordTypeRegular, Size: 100}, {RecordType: client.UsageRecordTypeRegular, Size: 1000, Shared: true},
	}
	if _, over := excess(du, 50); over {
		t.Error("50 of 50 is too much")
	}
	// 10 have to go, of 150 that count.
	if bound, over := excess(du, 40); !over || bound != 140 {
		t.Errorf("bound %d, %v", bound, over)
	}
	if bound, over := excess(du[:1], 0); !over || bound != 1 {
		t.Errorf("bound %d, %v: 0 would mean no bound", bound, over)
	}
}
