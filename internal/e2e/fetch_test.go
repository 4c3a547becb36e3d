package e2e

import (
	"regexp"
	"testing"
)

// TestDebianFetchSays: what a fetch of packages says it did, of none, one and
// several.
func TestDebianFetchSays(t *testing.T) {
	for packages, want := range map[string]string{
		`"coreutils"`: `jetson: nothing to fetch: everything is installed already\n`,
		`"tree"`:      `jetson: 1 package, 0\.[0-9] MB\n`,
		`"jq"`:        `jetson: 3 packages, 0\.[0-9] MB\n`,
	} {
		t.Run(packages, func(t *testing.T) {
			dir := folder(t, map[string]string{"stack.toml": "platform = \"debian-12\"\n[apt]\npackages = [" + packages + "]\n[[test]]\nname = \"t\"\nrun = [\"true\"]\n"})
			o, err := suite.Daemon.Build(deadline(t, 5*minute), debian(t, dir, "linux/amd64"))
			must(t, err)
			if !regexp.MustCompile(want).MatchString(o.Logs) {
				t.Errorf("%q is not said; but:\n%s", want, o.Logs)
			}
		})
	}
}
