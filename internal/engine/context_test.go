package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFolder: what a build context sends, and what it leaves out.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"data/a": "", "data/b.out": "", "conf/x.yaml": "", "logs/y": "", "logs/kept": "", ".dockerignore": "**/*.out\nlogs/*\n!logs/kept\n",
		"sub/stack.toml": "", "sub/stack.toml.dockerignore": "data\n",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "data", "rooted": "/data", "out": "data/b.out"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		stack, path string
		sent, all   bool
	}{
		{"", "data", true, true}, {"", "data/a", true, true}, {"", "data/b.out", false, true}, {"", "data/*", true, true},
		{"", "data/*.out", false, true}, {"", "conf/*.yaml", true, true}, {"", "conf/*.json", false, false}, {"", "none", false, false},
		{"", "data/a/deeper", false, false}, {"", "logs/y", false, true}, {"", "logs/kept", true, true}, {"", ".", true, true},
		{"", "link/a", true, true}, {"", "rooted/a", true, true},
		{"sub/stack.toml", "data", false, true}, {"sub/stack.toml", "data/b.out", false, true}, {"sub/stack.toml", "logs/y", true, true},
	} {
		stack := tc.stack
		if stack != "" {
			stack = filepath.Join(dir, stack)
		}
		f, err := OpenFolder(dir, stack)
		if err != nil {
			t.Fatal(err)
		}
		sent, err1 := f.Sends(t.Context(), tc.path, false)
		all, err2 := f.Sends(t.Context(), tc.path, true)
		if err1 != nil || err2 != nil || sent != tc.sent || all != tc.all {
			t.Errorf("%s with %q: sent %v (%v), without .dockerignore %v (%v)", tc.path, tc.stack, sent, err1, all, err2)
		}
	}
	if _, err := OpenFolder(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("a folder that is not there can be opened")
	}
}
