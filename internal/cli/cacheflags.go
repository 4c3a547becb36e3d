package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildctl/build"

	"github.com/org/jetson-frontend/internal/engine"
)

// caches are --cache-from and --cache-to.
func (i *imageFlags) caches(env Env, r *engine.Request) error {
	from, err := cacheSpecs("--cache-from", i.cacheFrom)
	if err != nil {
		return err
	}
	to, err := cacheSpecs("--cache-to", i.cacheTo)
	if err != nil {
		return err
	}
	if r.CacheFrom, err = build.ParseImportCache(from); err != nil {
		return usagef("--cache-from: %v", err)
	}
	if r.CacheTo, err = build.ParseExportCache(to); err != nil {
		return usagef("--cache-to: %v", err)
	}
	if err := located("--cache-from", r.CacheFrom, "src"); err != nil {
		return err
	}
	if err := located("--cache-to", r.CacheTo, "dest"); err != nil {
		return err
	}
	r.CacheFrom = present(env, r.CacheFrom)
	return nil
}

// located wants every cache to say where it is.
func located(flag string, list []client.CacheOptionsEntry, folder string) error {
	for _, e := range list {
		key, like := "ref", "name"
		switch e.Type {
		case "local":
			key, like = folder, "path"
		case "registry":
		default:
			continue
		}
		if e.Attrs[key] == "" {
			return usagef("%s type=%s does not say where: add %s=%s", flag, e.Type, key, like)
		}
	}
	return nil
}

// present leaves out folders in which there is no cache, and says so. BuildKit
// would make an empty one and go on in silence.
func present(env Env, list []client.CacheOptionsEntry) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, e := range list {
		if e.Type == "local" && e.Attrs["digest"] == "" {
			if _, err := engine.LayoutDigest(e.Attrs["src"], cmp.Or(e.Attrs["tag"], "latest")); err != nil {
				fmt.Fprintf(env.Stderr, "jetson: no cache is taken from %s: there is none in it\n", e.Attrs["src"])
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

// cacheSpecs writes the short form of a registry's cache out: user/app:cache.
func cacheSpecs(flag string, specs []string) ([]string, error) {
	var out []string
	for _, c := range specs {
		switch {
		case c == "":
			return nil, usagef("%s is empty", flag)
		case !strings.Contains(c, "="):
			c = "type=registry,ref=" + c
		case !strings.Contains(c, "type="):
			return nil, usagef("%s needs a type, as in type=registry,ref=name; %q has none", flag, c)
		}
		out = append(out, c)
	}
	return out, nil
}
