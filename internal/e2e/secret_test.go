package e2e

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestSettings gives a build the file of settings that change no cache: what is
// in it reaches the steps, and another file runs none of them again.
func TestSettings(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "jobs"`, map[string]string{"components/x/jobs.toml": `name = "jobs"
[[step]]
kind    = "script"
run     = 'mkdir -p "$DESTDIR/usr/local"; echo "$JOBS" >"$DESTDIR/usr/local/jobs"'
outputs = ["/usr/local/jobs"]
`})
	for _, settings := range []string{"CCACHE_REMOTE_STORAGE=http://127.0.0.1:1\nJOBS=41\n", "JOBS=42\n"} {
		file := filepath.Join(folder(t, map[string]string{"settings": settings}), "settings")
		out := filepath.Join(t.TempDir(), "out")
		c.build(r, "--secret", "id=jetson,src="+file, "-o", out)
		if data, err := os.ReadFile(filepath.Join(out, "usr/local/jobs")); err != nil || string(data) != "41\n" {
			t.Errorf("the step had %q jobs: %v", data, err)
		}
	}
}

// TestFileToken takes a private file by address.
func TestFileToken(t *testing.T) {
	c := newTool(t)
	c.env = append(c.env, "TOKEN=the-token")
	const content = "a private file"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the-token" {
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, content)
	}))
	t.Cleanup(s.Close)
	stack := func(pin string) string {
		return fmt.Sprintf(`[[component]]
name = "mine"
[[component.version]]
version = "1"
date = "2024-01-01"
sources = [{ to = "/src/mine", http = "%s/file.bin"%s }]
[[component.step]]
kind = "files"
put = [{ to = "/usr/local/mine", source = "/src/mine" }]
`, s.URL, pin)
	}
	pin := fmt.Sprintf(", sha256 = \"%x\"", sha256.Sum256([]byte(content)))
	c.refused(c.try(fast(t, stack(pin), nil)), "[mine 1] source: what came has the sha256:", "a private file takes --secret id=HTTP_AUTH_TOKEN_HOST,env=TOKEN", "stack.toml:7:")
	c.refused(c.try(fast(t, stack(""), nil)), "file.bin cannot be looked up: the server wants credentials for this file: status 401", "id=HTTP_AUTH_TOKEN_HOST")
	if text, _ := c.tree(stack(pin), "usr/local/mine/file.bin", "--secret", "id=HTTP_AUTH_TOKEN_127.0.0.1,env=TOKEN"); text != content {
		t.Errorf("the tree has %q", text)
	}
}
