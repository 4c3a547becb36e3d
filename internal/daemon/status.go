package daemon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
)

// Self is what a daemon says about itself in its runtime folder.
type Self struct {
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	BuildKit string    `json:"buildkit"`
	Root     string    `json:"root"`
	Rootless bool      `json:"rootless"`
	// Idle is after how many seconds without work it ends; 0 is never.
	Idle        float64 `json:"idle_seconds"`
	Snapshotter string  `json:"snapshotter"`
	Budgets     Budgets `json:"budgets"`
}

// Budgets bound what the builder keeps, in bytes.
type Budgets struct {
	// Caches bounds the cache mounts: compile caches, downloads.
	Caches int64 `json:"caches"`
	// Total bounds everything.
	Total int64 `json:"total"`
	// Free is what is left to others on the disk.
	Free int64 `json:"free"`
}

// Build is one that is running.
type Build struct {
	Ref     string    `json:"ref"`
	Started time.Time `json:"started"`
	Target  string    `json:"target,omitempty"`
	File    string    `json:"file,omitempty"`
}

// Usage is what one kind of state takes.
type Usage struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	Size  int64  `json:"size"`
	// Reclaimable is the part that no build holds at the moment.
	Reclaimable int64 `json:"reclaimable"`
}

// Cache is one cache mount.
type Cache struct {
	ID       string     `json:"id"`
	Size     int64      `json:"size"`
	LastUsed *time.Time `json:"last_used,omitempty"`
}

// Status is what the private builder is doing and keeping.
type Status struct {
	Running   bool     `json:"running"`
	Address   string   `json:"address"`
	Root      string   `json:"root"`
	Log       string   `json:"log"`
	Stamp     *Stamp   `json:"stamp,omitempty"`
	Daemon    *Self    `json:"daemon,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
	Builds    []Build  `json:"builds,omitempty"`
	Usage     []Usage  `json:"usage,omitempty"`
	Caches    []Cache  `json:"caches,omitempty"`
}

// Ask returns the builder's status. It starts nothing.
func (p Paths) Ask(ctx context.Context) (Status, error) {
	s := Status{Address: p.Address(), Root: p.Root, Log: p.Log()}
	if err := p.ours(os.Getuid()); err != nil {
		return s, err
	}
	stamp, ok, err := p.ReadStamp()
	if err != nil {
		return s, err
	}
	if ok {
		s.Stamp = &stamp
	}
	if s.Running, err = p.answers(ctx); err != nil || !s.Running {
		return s, err
	}
	if data, err := os.ReadFile(p.Info()); err == nil {
		var self Self
		if json.Unmarshal(data, &self) == nil {
			s.Daemon = &self
		}
	}
	c, err := client.New(ctx, p.Address())
	if err != nil {
		return s, fmt.Errorf("connecting to the builder: %w", err)
	}
	defer c.Close()
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return s, fmt.Errorf("asking the builder: %w", err)
	}
	for _, w := range workers {
		for _, pl := range w.Platforms {
			s.Platforms = append(s.Platforms, strings.TrimSuffix(pl.OS+"/"+pl.Architecture+"/"+pl.Variant, "/"))
		}
	}
	if s.Builds, err = builds(ctx, c); err != nil {
		return s, err
	}
	du, err := c.DiskUsage(ctx)
	if err != nil {
		return s, fmt.Errorf("asking for the builder's disk usage: %w", err)
	}
	s.Usage, s.Caches = tally(du)
	return s, nil
}

func builds(ctx context.Context, c *client.Client) ([]Build, error) {
	stream, err := c.ControlClient().ListenBuildHistory(ctx, &controlapi.BuildHistoryRequest{ActiveOnly: true, EarlyExit: true})
	if err != nil {
		return nil, fmt.Errorf("asking for running builds: %w", err)
	}
	var out []Build
	for {
		ev, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("asking for running builds: %w", err)
		}
		if r := ev.Record; r != nil && r.CompletedAt == nil {
			out = append(out, Build{Ref: r.Ref, Started: r.CreatedAt.AsTime(), Target: r.FrontendAttrs["target"], File: r.FrontendAttrs["filename"]})
		}
	}
}

// kinds are BuildKit's types of record in words, in the order they are shown.
func kinds() []struct {
	of   client.UsageRecordType
	word string
} {
	return []struct {
		of   client.UsageRecordType
		word string
	}{
		{client.UsageRecordTypeCacheMount, "caches"}, {client.UsageRecordTypeRegular, "layers"}, {client.UsageRecordTypeLocalSource, "local files"},
		{client.UsageRecordTypeGitCheckout, "git repositories"}, {client.UsageRecordTypeFrontend, "frontends"}, {client.UsageRecordTypeInternal, "internal"},
	}
}

func tally(du []*client.UsageInfo) ([]Usage, []Cache) {
	var out []Usage
	var caches []Cache
	for _, k := range kinds() {
		u := Usage{Kind: k.word}
		for _, r := range du {
			of := r.RecordType
			if of == "" {
				of = client.UsageRecordTypeRegular
			}
			if of != k.of {
				continue
			}
			u.Count++
			u.Size += r.Size
			if !r.InUse {
				u.Reclaimable += r.Size
			}
			if k.of == client.UsageRecordTypeCacheMount {
				caches = append(caches, Cache{ID: cacheID(r.Description), Size: r.Size, LastUsed: r.LastUsedAt})
			}
		}
		if u.Count > 0 {
			out = append(out, u)
		}
	}
	slices.SortFunc(caches, func(a, b Cache) int { return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.ID, b.ID)) })
	return out, caches
}

// cacheID finds a mount's ID in the words that BuildKit describes its record
// with: `cached mount DIR from exec COMMAND with id "ID"`.
func cacheID(description string) string {
	if _, id, ok := strings.Cut(description, " with id "); ok {
		return strings.Trim(id, "\"/")
	}
	return description
}

// Prune is what is to be thrown away.
type Prune struct {
	// Caches throws cache mounts away too.
	Caches bool
	// Older keeps what was used within this time.
	Older time.Duration
}

// Prune frees space and returns how many records went and their size in bytes.
func (p Paths) Prune(ctx context.Context, what Prune) (n int, size int64, err error) {
	if err := p.ours(os.Getuid()); err != nil {
		return 0, 0, err
	}
	c, err := client.New(ctx, p.Address())
	if err != nil {
		return 0, 0, fmt.Errorf("connecting to the builder: %w", err)
	}
	defer c.Close()
	opts := []client.PruneOption{client.PruneAll}
	if !what.Caches {
		opts = append(opts, client.WithFilter([]string{"type!=" + string(client.UsageRecordTypeCacheMount)}))
	}
	if what.Older > 0 {
		opts = append(opts, client.WithKeepOpt(what.Older, 0, 0, 0))
	}
	ch := make(chan client.UsageInfo)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := range ch {
			n++
			size += r.Size
		}
	}()
	err = c.Prune(ctx, ch, opts...)
	close(ch)
	<-done
	if err != nil {
		return n, size, fmt.Errorf("pruning the builder: %w", err)
	}
	return n, size, nil
}

// Stop ends the builder. Builds that run are an error, unless force is set.
func (p Paths) Stop(ctx context.Context, force bool) error {
	if err := p.ours(os.Getuid()); err != nil {
		return err
	}
	pid, err := p.Pid()
	if err != nil {
		return err
	}
	if pid == 0 {
		return ErrNotRunning
	}
	if !force {
		c, err := client.New(ctx, p.Address())
		if err != nil {
			return fmt.Errorf("connecting to the builder: %w", err)
		}
		running, err := builds(ctx, c)
		c.Close()
		if err != nil {
			return err
		}
		if len(running) > 0 {
			return problem(fmt.Sprintf("builds are running: %d", len(running)), "wait for them, or end them with: jetson builder stop --force")
		}
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("ending the builder: %w", err)
	}
	if p.gone(ctx, pid, 20*time.Second) {
		return nil
	}
	if !force {
		return problem(fmt.Sprintf("the builder (process %d) does not end", pid), "end it with: jetson builder stop --force")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("ending the builder: %w", err)
	}
	if !p.gone(ctx, pid, 5*time.Second) {
		return problem(fmt.Sprintf("the builder (process %d) cannot be ended", pid), "it may hang on a disk that does not answer")
	}
	return nil
}

// gone waits until a daemon's process has ended and nobody holds its root.
func (p Paths) gone(ctx context.Context, pid int, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	l, err := WaitLock(ctx, p.RootLock(), false)
	l.Release()
	for ; err == nil && !ended(pid); time.Sleep(5 * time.Millisecond) {
		err = ctx.Err()
	}
	return err == nil
}

// ended reports whether a process runs no more. One that nobody has waited for
// keeps its number, as a zombie.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false // gone since, or a system without /proc
	}
	// PID (NAME) STATE …, where the name may hold anything.
	_, rest, _ := strings.Cut(string(data[max(0, strings.LastIndexByte(string(data), ')')):]), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}
