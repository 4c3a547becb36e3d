package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/engine"
)

// TestUnreachableBase: an image that cannot be had points to the key that
// decides it, whether it is found out before the build or in it.
func TestUnreachableBase(t *testing.T) {
	catalog := map[string]string{"platform/far.toml": `[[distribution]]
name     = "ubuntu-99.04"
id       = "ubuntu"
version  = "99.04"
codename = "far"
image    = "127.0.0.1:1/far:1"
digest   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
arches   = ["arm64", "amd64"]
date     = "2024-01-01"
source   = "made for a test"
`}
	const message = "the image 127.0.0.1:1/far:1 cannot be reached"
	for _, tc := range []struct{ name, stack, arg, mark, text string }{
		{"the platform", "stack = \"texts\"\nplatform = \"ubuntu-99.04\"", "", "stack.toml:3", message},
		{"its Ubuntu", "stack = \"texts\"\njetpack = \"6.2\"\nubuntu = \"99.04\"", "", "stack.toml:4", message},
		{"a build argument", "stack = \"texts\"", "ubuntu-99.04", "build argument PLATFORM:1", message},
		{"where steps run", "stack = \"made\"\nplatform = \"ubuntu-99.04\"\nbase = \"fast.invalid/base:1\"", "", "stack.toml:3", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := fast(t, tc.stack, catalog)
			r.Args = map[string]string{}
			if strings.Contains(tc.stack, "jetpack") {
				r.Platforms = []string{"linux/arm64"}
			}
			if tc.arg != "" {
				r.Args["PLATFORM"] = tc.arg
			}
			o, err := suite.Daemon.Build(deadline(t, minute), r)
			wantFailure(t, o, err, tc.mark, tc.text)
		})
	}
}

// TestBaseInPlace: a context stands in for the base that the stack itself names,
// with or without a tag.
func TestBaseInPlace(t *testing.T) {
	for _, tc := range []struct{ base, context string }{{"127.0.0.1:1/none", "127.0.0.1:1/none"}, {"127.0.0.1:1/none:2", "127.0.0.1:1/none:2"}} {
		for name, build := range map[string]func(engine.Request) error{
			"by the stack": func(r engine.Request) error {
				r.Dir = folder(t, map[string]string{"stack.toml": "stack = \"texts\"\nbase = \"" + tc.base + "\"\n"})
				_, err := suite.Daemon.Build(deadline(t, minute), r)
				return err
			},
			"by an argument": func(r engine.Request) error {
				_, err := suite.Daemon.Build(deadline(t, minute), with(r, "BASE="+tc.base))
				return err
			},
		} {
			t.Run(tc.base+" "+name, func(t *testing.T) {
				r := fast(t, `stack = "texts"`, nil)
				r.Contexts = maps.Clone(r.Contexts)
				r.Contexts[tc.context] = "docker-image://" + suite.Base
				must(t, build(r))
			})
		}
	}
}
