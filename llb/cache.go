package llb

import (
	"strings"

	bk "github.com/moby/buildkit/client/llb"
)

// CacheID names a cache mount. It is the only way to make such a name, so that
// what shares a cache and what does not can be read off here. IDs are global
// to a daemon; NS is BUILDKIT_CACHE_MOUNT_NS, for who keeps several users
// apart.
//
// A cache may vanish at any moment: speed may depend on it, correctness never.
type CacheID struct {
	NS    string
	Kind  string // ccache, apt-lists, apt-archives, pip, slot
	Scope string // what within the kind: "shared", or a slot's number
	Arch  string // of the target
	ABI   string // compiler and mode for ccache, suite for apt, tag for pip
}

// String gives the ID. It holds no slash: BuildKit treats an ID that looks
// like the mount's path in another way.
func (c CacheID) String() string {
	parts := []string{"jetson", c.Kind, c.Scope, "linux", c.Arch, c.ABI}
	if c.NS != "" {
		parts = append([]string{c.NS}, parts...)
	}
	return strings.ReplaceAll(strings.Join(parts, "-"), "/", "_")
}

// mount returns the cache as a mount. ccache and pip lock their own entries
// and are shared; apt's directories and slots are for one at a time.
func (c CacheID) mount(dest string) bk.RunOption {
	sharing := bk.CacheMountShared
	if strings.HasPrefix(c.Kind, "apt") || c.Kind == "slot" {
		sharing = bk.CacheMountLocked
	}
	return bk.AddMount(dest, bk.Scratch(), bk.AsPersistentCacheDir(c.String(), sharing))
}
