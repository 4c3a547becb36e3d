package op

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// place is where scripts are run in tests: all that they know as /run/jetson,
// /out and /tmp lies in a folder.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{t, t.TempDir()}
	for _, d := range []string{"op", "expect", "result", "tmp", "out", "made", "debs"} {
		if err := os.Mkdir(p.at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range Names() {
		text, err := Script(name)
		if err != nil {
			t.Fatal(err)
		}
		p.write("op/"+name, p.moved(string(text)))
	}
	return p
}

// moved is a text with our places in it taken to the folder.
func (p place) moved(text string) string {
	return strings.NewReplacer("/run/jetson/out", p.dir+"/made", "/run/jetson", p.dir, "/tmp/", p.dir+"/tmp/", "/out", p.dir+"/out", "/build/", p.dir+"/build/").Replace(text)
}

// program puts a shell script before every program of its name.
func (p place) program(name, text string) {
	p.t.Helper()
	p.write("bin/"+name, "#!/bin/sh\n"+text)
	if err := os.Chmod(p.at("bin/"+name), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// path finds those programs first.
func (p place) path() string { return "PATH=" + p.at("bin") + ":" + os.Getenv("PATH") }

func (p place) at(name string) string { return filepath.Join(p.dir, name) }

func (p place) write(name, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.at(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.at(name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(p.at(name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// run runs a script as a build does, and gives all that it prints.
func (p place) run(script string, env []string, args ...string) (string, error) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "/bin/sh", append([]string{p.at("op/" + script)}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// ours are names that scripts use themselves.
var ours = []string{
	"TEST=forged", "TIMEOUT=5m echo", "WORKDIR=/nowhere", "COMPONENT=forged", "STEP=forged", "SOURCE=/nowhere", "BACKEND=forged", "PYTHON=forged",
	"limit=x", "limited=", "work=/nowhere", "expect=/nowhere", "rc=0", "want=1", "given=exit", "log=/nowhere", "n=1", "LC_ALL=C.UTF-8", "EMPTY=", "TZ=",
}

// TestTestSeesTheImagesEnvironment: no variable of an image changes what a test
// comes to, and its command has all of them, and none of ours.
func TestTestSeesTheImagesEnvironment(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command []string
		passes  bool
	}{
		{"passes", []string{"true"}, true},
		{"fails", []string{"false"}, false},
		{"is not there", []string{"/nowhere/to/be/found"}, false},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			p := newPlace(t)
			p.write("expect/exit", "0\n")
			out, err := p.run("test.sh", []string{"TEST=a/b", "TIMEOUT=20"}, append(append(ours[:len(ours):len(ours)], "--"), tt.command...)...)
			if (err == nil) != tt.passes {
				t.Errorf("%v\n%s", err, out)
			}
			if !tt.passes && !strings.Contains(out, "test a/b: exit status") {
				t.Errorf("another test is named:\n%s", out)
			}
		})
	}
	p := newPlace(t)
	p.write("expect/exit", "0\n")
	out, err := p.run("test.sh", []string{"TEST=t", "TIMEOUT=20"}, append(append(ours[:len(ours):len(ours)], "FOO=image", "FOO="), "--", "sh", "-c", "env >"+p.at("env"))...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	has := strings.Split(p.read("env"), "\n")
	for _, want := range append(ours[:len(ours):len(ours)], "FOO=") {
		if !slices.Contains(has, want) {
			t.Errorf("the command has no %s: %q", want, has)
		}
	}
	out, err = p.run("test.sh", []string{"TEST=t", "TIMEOUT=20", "WORKDIR=/tmp"}, "--", "sh", "-c", "env >"+p.at("env"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, not := range []string{"TEST=", "TIMEOUT=", "WORKDIR=", "LC_ALL=", "TZ="} {
		if has := p.read("env"); strings.Contains("\n"+has, "\n"+not) {
			t.Errorf("the command has a %s of ours:\n%s", not, has)
		}
	}
}

// TestTestIsLimited: a test ends at its limit, and is told to have; also one
// that does not end when it is told to.
func TestTestIsLimited(t *testing.T) {
	if _, err := exec.LookPath("timeout"); err != nil {
		t.Skip(err)
	}
	p := newPlace(t)
	p.write("expect/exit", "0\n")
	out, err := p.run("test.sh", []string{"TEST=slow", "TIMEOUT=1"}, "--", "sleep", "30")
	if err == nil || !strings.Contains(out, "test slow: took more than 1 seconds") {
		t.Errorf("%v\n%s", err, out)
	}
	p.write("op/test.sh", strings.Replace(p.read("op/test.sh"), "timeout -k 10", "timeout -k 1", 1))
	out, err = p.run("test.sh", []string{"TEST=deaf", "TIMEOUT=1"}, "--", "sh", "-c", "trap '' TERM; sleep 30; sleep 30")
	if err == nil || !strings.Contains(out, "test deaf: took more than 1 seconds") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestScriptSeesItsEnvironment: a script has its own variables and what it is
// promised, and whose files it makes is not for it to say.
func TestScriptSeesItsEnvironment(t *testing.T) {
	p := newPlace(t)
	p.write("script", "mkdir -p \"$DESTDIR/usr/local\"\nenv >\"$DESTDIR/usr/local/env\"\n")
	out, err := p.run("script.sh", []string{"COMPONENT=mine", "STEP=script-1", "OUTPUTS=/usr/local/env", "MACHINE=aarch64", "SOURCE_DATE_EPOCH=1"}, ours...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := p.read("out/usr/share/jetson/files/mine/script-1"); !strings.Contains(got, "/usr/local/env\n") {
		t.Errorf("its files are %q", got)
	}
	has := strings.Split(p.read("out/usr/local/env"), "\n")
	for _, want := range append(ours[:len(ours):len(ours)], "DESTDIR="+p.at("out"), "PREFIX=/usr/local", "MACHINE=aarch64", "SOURCE_DATE_EPOCH=1") {
		if !slices.Contains(has, want) {
			t.Errorf("the script has no %s: %q", want, has)
		}
	}
}

// TestWheelSeesItsEnvironment: so is a wheel.
func TestWheelSeesItsEnvironment(t *testing.T) {
	p := newPlace(t)
	p.write("src/setup.py", "")
	// What stands in for Python notes its environment and makes a wheel.
	p.write("python3.10", "#!/bin/sh\nenv >"+p.at("env")+"\n: >"+p.at("out/wheels/x.whl")+"\n")
	if err := os.Chmod(p.at("python3.10"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write("op/wheel.sh", strings.ReplaceAll(p.read("op/wheel.sh"), "/usr/bin/python", p.at("python")))
	out, err := p.run("wheel.sh", []string{"COMPONENT=mine", "STEP=wheel-1", "SOURCE=" + p.at("src"), "BACKEND=pep517", "PYTHON=3.10"}, ours...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	has := strings.Split(p.read("env"), "\n")
	for _, want := range ours {
		if !slices.Contains(has, want) {
			t.Errorf("the build has no %s: %q", want, has)
		}
	}
}
