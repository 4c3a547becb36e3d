package op

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestUnpackLeavesNoDevNull: what scripts write to /dev/null while packages are
// unpacked into a root that has none is no file of it; a root's own stays.
func TestUnpackLeavesNoDevNull(t *testing.T) {
	for _, own := range []bool{false, true} {
		p := newPlace(t)
		p.write("debs/wanted", "thing\n")
		p.write("target/var/lib/dpkg/status", "\n")
		if own {
			p.write("target/dev/null", "its own\n")
		}
		p.program("apt-get", p.moved("case \"$*\" in *' install '*) echo noise >>/run/jetson/target/dev/null; : >/run/jetson/asked ;; esac\n"))
		if out, err := p.run("apt-install.sh", []string{p.path(), "MODE=unpack", "ARCH=arm64", "SOURCE_DATE_EPOCH=86400"}); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p.read("asked")
		if own {
			if got := p.read("target/dev/null"); !strings.HasPrefix(got, "its own\n") {
				t.Errorf("the root's own is %q", got)
			}
			continue
		}
		left, err := os.ReadDir(p.at("target/dev"))
		if err != nil || len(left) > 0 {
			t.Errorf("/dev holds %v: %v", left, err)
		}
		if at, err := os.Stat(p.at("target/dev")); err != nil || !at.ModTime().Equal(time.Unix(86400, 0)) {
			t.Errorf("/dev is of %v: %v", at.ModTime(), err)
		}
	}
}

// pip is a stand-in that knows the options of pip 22.0, which Ubuntu 22.04 has,
// and no others.
const pip = `printf '%s\n' "$*" >>/run/jetson/asked
for word; do
	case ${word%%=*} in
	--no-input | --disable-pip-version-check | --no-color | --progress-bar | --cache-dir | --no-cache-dir | --dest | --target) ;;
	--only-binary | --implementation | --python-version | --platform | --index-url | --extra-index-url | --no-index | --find-links) ;;
	--constraint | --requirement | --require-hashes | --no-deps | --no-compile) ;;
	--*) echo "no such option: $word" >&2; exit 2 ;;
	esac
done
`

// TestPipKnowsItsOptions: a world is made with what the oldest pip of a
// distribution that may make one can do.
func TestPipKnowsItsOptions(t *testing.T) {
	p := newPlace(t)
	p.program("python3", p.moved(pip))
	for name, text := range map[string]string{
		"root/var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nVersion: 2.35-0ubuntu3.10\n",
		"pip/indexes":              "https://pypi.org/simple\nhttps://index.example/simple\n", "pip/constraints": "numpy<2\n", "pip/wanted": "numpy\n", "pip/nodeps": "thing\n",
	} {
		p.write(name, text)
	}
	if out, err := p.run("pip-fetch.sh", []string{p.path(), "MACHINE=aarch64", "PYTHON=3.10"}); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	p.write("debs/versions", "numpy==1.26.4\n")
	p.write("debs/flags", p.read("made/flags"))
	if out, err := p.run("pip-install.sh", []string{p.path(), "PREFIX=/opt/python/main", "PYTHON=3.10", "COMPONENT=python-main", "STEP=library"}); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	asked := p.read("asked")
	for _, want := range []string{"-m pip download ", "-m pip install ", "--platform manylinux_2_35_aarch64", "numpy==1.26.4"} {
		if !strings.Contains(asked, want) {
			t.Errorf("pip was not asked for %q:\n%s", want, asked)
		}
	}
}
