package llb

import (
	"testing"

	"github.com/org/jetson-frontend/stacks/plan"
)

// TestSources writes archives for apt: a flat one has a folder for a suite, and
// then apt refuses components; each architecture has the address of its own.
func TestSources(t *testing.T) {
	r := &renderer{}
	flat := plan.Archive{
		Name: "flat", Suites: []string{"/"}, KeyURL: "https://example.invalid/key.asc",
		URLs: map[string]string{"arm64": "https://example.invalid/sbsa", "amd64": "https://example.invalid/x86_64"},
	}
	suited := plan.Archive{
		Name: "suited", Suites: []string{"one", "one-updates"}, Components: []string{"main", "extra"}, Keyring: "/usr/share/keyrings/k.gpg",
		URLs: map[string]string{"any": "http://example.invalid/debian"},
	}
	const suitedText = "Types: deb\nURIs: http://example.invalid/debian\nSuites: one one-updates\nComponents: main extra\n" +
		"Architectures: amd64\nSigned-By: /usr/share/keyrings/k.gpg\n\n"
	for _, tt := range []struct {
		name     string
		archives []plan.Archive
		arch     string
		fetching bool
		want     string
	}{
		{"fetch", []plan.Archive{flat}, "arm64", true, "Types: deb\nURIs: https://example.invalid/sbsa\nSuites: /\n" +
			"Architectures: arm64\nSigned-By: " + dirKeys + "/flat.asc\n\n"},
		{"kept", []plan.Archive{flat}, "amd64", false, "Types: deb\nURIs: https://example.invalid/x86_64\nSuites: /\n" +
			"Architectures: amd64\nSigned-By: /etc/apt/keyrings/jetson-flat.asc\n\n"},
		{"beside a suite", []plan.Archive{flat, suited}, "amd64", true, "Types: deb\nURIs: https://example.invalid/x86_64\nSuites: /\n" +
			"Architectures: amd64\nSigned-By: " + dirKeys + "/flat.asc\n\n" + suitedText},
	} {
		if got := string(r.sources(tt.archives, tt.arch, tt.fetching)); got != tt.want {
			t.Errorf("%s: wrote\n%s", tt.name, got)
		}
	}
}
