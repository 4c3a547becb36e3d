package op

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// common runs a text that has read common.sh.
func (p place) common(text string, args ...string) (string, error) {
	p.t.Helper()
	p.write("op/try.sh", ". "+p.at("op/common.sh")+"\n"+text+"\n")
	return p.run("try.sh", nil, args...)
}

// TestCounters: whatever stands in brackets, what succeeds does not fail.
func TestCounters(t *testing.T) {
	p := newPlace(t)
	for _, line := range []string{"[10/08] x", "[08/010] x", "[0/0] x", "[00/00] x", "[1/] x", "[/1] x", "[99999999999999999999/99999999999999999999] x", "[ 7/9 ] x", "[2024-01-08/09]"} {
		if out, err := p.common(`quietly `+p.at("log")+` printf '%s\n' "$1"`, line); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		if got := p.read("log"); got != line+"\n" {
			t.Errorf("%s: the log has %q", line, got)
		}
	}
	if out, err := p.common(`quietly ` + p.at("log") + ` printf '%s\n' '[05/10] x' '[10/10] y'`); err != nil || out != "[5/10]\n[10/10]\n" {
		t.Errorf("%v: progress is %q", err, out)
	}
}

// TestWhatCMakeCouldNotDo: an error of CMake's stands before all that it goes on
// to say, and is what is shown.
func TestWhatCMakeCouldNotDo(t *testing.T) {
	p := newPlace(t)
	var text strings.Builder
	text.WriteString("-- first\nCMake Error at CMakeLists.txt:3 (add_subdirectory):\n  no such folder\n\n-- second\nCMake Error at CMakeLists.txt:9 (message):\n  also this\n\n")
	for range 100 {
		text.WriteString("-- a summary\n")
	}
	p.write("said", text.String())
	out, err := p.common("quietly " + p.at("log") + " sh -c 'cat " + p.at("said") + "; exit 1'")
	if err == nil || !strings.Contains(out, "no such folder") || !strings.Contains(out, "also this") || strings.Contains(out, "a summary") || strings.Contains(out, "second") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJobs: none at all is no number of jobs, and what makes no sense is not used.
func TestJobs(t *testing.T) {
	for forced, used := range map[string]bool{"3": true, "120": true, "0": false, "00": false, "": false, "x": false, "-1": false, "99999999999999999999": false} {
		p := newPlace(t)
		p.write("override", "JOBS="+forced+"\n")
		out, err := p.common("jobs")
		if out = strings.TrimSpace(out); err != nil || (out == forced) != used || out == "" || out == "0" {
			t.Errorf("JOBS=%s gives %q: %v", forced, out, err)
		}
	}
}

// TestScriptStopsAtItsFirstFailure: a script need not say set -e itself.
func TestScriptStopsAtItsFirstFailure(t *testing.T) {
	p := newPlace(t)
	p.write("script", "mkdir -p \"$DESTDIR/usr/local\"\nfalse\necho >\"$DESTDIR/usr/local/x\"\n")
	out, err := p.run("script.sh", []string{"COMPONENT=mine", "STEP=s", "OUTPUTS=/usr/local/x"})
	if err == nil || !strings.Contains(out, "the script failed with exit status 1") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPatchLeavesNothing: what patch puts beside a file goes, what the source
// itself has under such a name stays.
func TestPatchLeavesNothing(t *testing.T) {
	if _, err := exec.LookPath("patch"); err != nil {
		t.Skip(err)
	}
	p := newPlace(t)
	p.write("in/a", "0\n1\n2\n3\n4\n5\n")
	p.write("in/kept.orig", "kept\n")
	p.write("patches/1", "--- a/a\n+++ b/a\n@@ -3,3 +3,3 @@\n 1\n-2\n+two\n 3\n--- a/kept.orig\n+++ b/kept.orig\n@@ -1 +1 @@\n-kept\n+changed\n")
	if out, err := p.run("source.sh", nil); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := p.read("made/a"); got != "0\n1\ntwo\n3\n4\n5\n" {
		t.Errorf("a is %q", got)
	}
	if got := p.read("made/kept.orig"); got != "changed\n" {
		t.Errorf("kept.orig is %q", got)
	}
	if _, err := os.Stat(p.at("made/a.orig")); err == nil {
		t.Error("a.orig is left")
	}
}

// checkPlace is a finished root with a component's file and a package's.
func checkPlace(t *testing.T, merged bool) place {
	t.Helper()
	p := newPlace(t)
	p.write("root/usr/lib/x", "")
	if merged {
		if err := os.Symlink("usr/lib", p.at("root/lib")); err != nil {
			t.Fatal(err)
		}
	}
	p.write("root/usr/share/jetson/files/mine/step", "/usr/lib/x\n")
	p.write("root/var/lib/dpkg/info/pkg.list", "/lib\n/lib/x\n")
	return p
}

// TestMergedPathsClash: where /lib is /usr/lib, a file in one is the file in the
// other, and nowhere else.
func TestMergedPathsClash(t *testing.T) {
	out, err := checkPlace(t, true).run("check.sh", nil)
	if err == nil || !strings.Contains(out, "/usr/lib/x is installed by mine and by the Debian package pkg") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := checkPlace(t, false).run("check.sh", nil); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestOneFileInABatch: readelf names the file that it reads where it reads
// several; the last one of many may be alone.
func TestOneFileInABatch(t *testing.T) {
	p := newPlace(t)
	p.write("root/usr/lib/libone.so.1", "")
	p.write("root/usr/lib/libone.so.2", "")
	p.write("root/usr/lib/user.so", "")
	p.write("families", "libone\n")
	p.program("xargs", "[ $1 = -0 ] || exit 0\nshift\ntr '\\0' '\\n' | sort | while IFS= read -r f; do \"$@\" \"$f\"; done\n")
	p.program("readelf", `shift
many=$#
for f; do
	[ "$f" != /dev/null ] || continue
	[ $many = 1 ] || echo "File: $f"
	case $f in
	*libone*) echo " 0x0e (SONAME) Library soname: [${f##*/}]" ;;
	*) echo ' 0x01 (NEEDED) Shared library: [libone.so.1]'; echo ' 0x01 (NEEDED) Shared library: [libone.so.2]' ;;
	esac
done
`)
	out, err := p.run("check.sh", []string{p.path()})
	if err == nil || !strings.Contains(out, "  /usr/lib/user.so → ") {
		t.Errorf("%v\n%s", err, out)
	}
}
