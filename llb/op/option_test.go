package op

import (
	"strings"
	"testing"
)

// unused is what CMake says of options that nobody read.
const unused = `cat <<'END'
-- Configuring done
CMake Warning:
  Manually-specified variables were not used by the project:

    CMAKE_C_COMPILER_LAUNCHER
    NEVER_READ


-- Generating done
   INDENTED
END
`

// TestIgnoredOption: an option that nobody reads fails a step, and so does one
// that the project does not declare; not one of ours, nor one that the component
// names.
func TestIgnoredOption(t *testing.T) {
	for _, tt := range []struct{ name, says, cache, exempt, want string }{
		{"read", "", "DECLARED:BOOL=ON\nCMAKE_OURS:UNINITIALIZED=x", "", ""},
		{"not read", unused, "DECLARED:BOOL=ON", "", "NEVER_READ"},
		{"not declared", "", "NOT_DECLARED:UNINITIALIZED=x", "", "NOT_DECLARED"},
		{"both", unused, "NOT_DECLARED:UNINITIALIZED=x", "", "NEVER_READ NOT_DECLARED"},
		{"both named", unused, "NOT_DECLARED:UNINITIALIZED=x", "NOT_DECLARED\nNEVER_READ", ""},
		{"another named", unused, "", "NEVER", "NEVER_READ"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			p := newPlace(t)
			p.program("cmake", tt.says+"mkdir -p "+p.at("build/mine")+"\nprintf '%s\\n' '"+tt.cache+"' >"+p.at("build/mine/CMakeCache.txt")+"\n")
			p.program("ninja", "echo compiling\nexit 7\n")
			out, err := p.run("cmake.sh", []string{
				p.path(), "COMPONENT=mine", "STEP=s", "SOURCE=/src/mine", "PREFIX=/usr/local", "BUILD_TYPE=Release", "MACHINE=x86_64", "UNUSED=" + tt.exempt,
			}, "-DDECLARED=ON")
			if err == nil {
				t.Fatalf("the compiler did not run, nor did the step fail:\n%s", out)
			}
			var got []string
			for line := range strings.Lines(out) {
				if name, ok := strings.CutPrefix(line, "jetson: error: the project ignores the option "); ok {
					got = append(got, strings.TrimSpace(name))
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%q are refused:\n%s", got, out)
			}
			if compiled := strings.Contains(out, "exit status 7: ninja"); compiled != (tt.want == "") {
				t.Errorf("compiled: %v\n%s", compiled, out)
			}
		})
	}
}

// TestIgnoredOptionOfAWorkspace: its packages share the options, and one of them
// is enough to read one.
func TestIgnoredOptionOfAWorkspace(t *testing.T) {
	const refused = "no package of the workspace reads the option NEVER_READ"
	for name, tt := range map[string]struct {
		packages map[string]string // what CMake says
		want     string
	}{
		"every":       {map[string]string{"a": "", "b": ""}, "colcon built nothing"},
		"one":         {map[string]string{"a": unused, "b": ""}, "colcon built nothing"},
		"none":        {map[string]string{"a": unused, "b": unused}, refused},
		"no-packages": {nil, refused},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			text := ""
			for pkg, says := range tt.packages {
				log := p.at("tmp/colcon-log/build_2024-01-01_00-00-00/" + pkg)
				text += "mkdir -p " + log + " " + p.at("build/mine/"+pkg) + "\n>" + p.at("build/mine/"+pkg+"/CMakeCache.txt") + "\n{ :\n" + says + "} >" + log + "/stdout_stderr.log\n"
			}
			p.program("colcon", text)
			out, err := p.run("colcon.sh", []string{p.path(), "COMPONENT=mine", "STEP=s", "SOURCE=/src/mine", "PREFIX=" + p.at("prefix"), "UNDERLAY="}, "-DNEVER_READ=ON")
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
