package llb

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"
)

// TestEntrypointKeepsArguments: they are the command's, and no setup file takes
// them for its own.
func TestEntrypointKeepsArguments(t *testing.T) {
	bash, err := osexec.LookPath("bash")
	if err != nil {
		t.Fatalf("the entry point is bash's: %v", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"entrypoint": entrypoint, "setup": dir + "/first.bash\n" + dir + "/none.bash\n" + dir + "/second.bash\n",
		"first.bash": "echo \"first: $*\"\nexport FIRST=1\n", "second.bash": "echo \"second: $* $FIRST\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := osexec.CommandContext(t.Context(), bash, dir+"/entrypoint", "/bin/sh", "-c", `echo "command: $* $FIRST"`, "sh", "--help", "a b")
	cmd.Env = append(os.Environ(), "JETSON_SETUP="+dir+"/setup")
	out, err := cmd.CombinedOutput()
	if want := "first: --\nsecond: -- 1\ncommand: --help a b 1\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
}
