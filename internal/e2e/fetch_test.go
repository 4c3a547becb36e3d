package e2e

import (
	"regexp"
	"strings"
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

// TestDebianSizes: the check of an image says what each component adds to it: a
// name with a space in it counts, a hard link does not count twice, a symbolic
// link is as long as what it names.
func TestDebianSizes(t *testing.T) {
	stack := "platform = \"debian-12\"\n"
	for name, run := range map[string]string{
		"one": `head -c 1000000 /dev/zero >"$DESTDIR/usr/local/one"; ln "$DESTDIR/usr/local/one" "$DESTDIR/usr/local/two"; ln -s one "$DESTDIR/usr/local/three"`,
		"few": `printf 12345 >"$DESTDIR/usr/local/a name"`,
	} {
		stack += "[[component]]\nname = \"" + name + "\"\n[[component.step]]\nkind = \"script\"\nrun = '''mkdir -p \"$DESTDIR/usr/local\"; " + run + "'''\noutputs = [\"/usr/local\"]\n"
	}
	r := debian(t, folder(t, map[string]string{"stack.toml": stack}), "linux/amd64")
	o, err := suite.Daemon.Build(deadline(t, 5*minute), r)
	must(t, err)
	for _, want := range []string{"jetson: one adds 1000003 bytes\n", "jetson: few adds 5 bytes\n"} {
		if !strings.Contains(o.Logs, want) {
			t.Errorf("%q is not said; but:\n%s", want, o.Logs)
		}
	}
}
