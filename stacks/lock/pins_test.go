package lock_test

import (
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks/lock"
)

func TestDecodeLooksAtPins(t *testing.T) {
	hex := strings.Repeat("a", 64)
	for _, c := range []struct{ name, text, want string }{
		{"good", `{"schema": 1, "images": {"i": "sha256:` + hex + `"}, "git": {"u#r": "` + hex[:40] + `"}, "http": {"u": "` + hex + `"}}` + "\n", ""},
		{"short commit", `{"schema": 1, "git": {"u#r": "abc"}}`, `"abc" for "u#r", which is not a full commit`},
		{"no hexadecimal", `{"schema": 1, "git": {"u#r": "` + strings.Repeat("g", 40) + `"}}`, "which is not a full commit"},
		{"no digest", `{"schema": 1, "images": {"i": "latest"}}`, "which is not the digest of an image"},
		{"short sum", `{"schema": 1, "http": {"u": "sha256:` + hex + `"}}`, "which is not a sha256"},
		{"two values", `{"schema": 1} {}`, "something follows its end"},
		{"empty", "", "the lock is empty"},
		{"cut short", `{"schema": 1, "git"`, "ends before its JSON does"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := lock.Decode([]byte(c.text))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if c.want == "" && err != nil || !strings.Contains(got, c.want) {
				t.Errorf("got %q, not %q", got, c.want)
			}
		})
	}
}
