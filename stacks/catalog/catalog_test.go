package catalog

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	burnt "github.com/BurntSushi/toml"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/interp"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// TestEmbedded reads every file of the catalog as a stranger's: as strict TOML
// by two readers, bound to its type, checked.
func TestEmbedded(t *testing.T) {
	n := 0
	err := fs.WalkDir(embedded, Root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".toml" {
			return err
		}
		n++
		data, err := fs.ReadFile(embedded, p)
		if err != nil {
			return err
		}
		var m map[string]any
		if _, err := burnt.Decode(string(data), &m); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		var dec tree.Decoder
		_, diags := stacks.ParseComponent(&dec, &diag.File{Name: p, Data: data})
		if err := diags.Err(); err != nil {
			t.Error(err)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files: %v", n, err)
	}
}

// TestPinned is the seventh law for the catalog: every source has a commit or a
// sha256, and what comes with a component is named.
func TestPinned(t *testing.T) {
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, diags := c.All()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Summary.V == "" || e.License.V == "" {
			t.Errorf("%s has no summary or no license", e.File)
		}
		compiled := false
		for _, s := range e.Steps {
			compiled = compiled || s.CMake != nil || s.Colcon != nil || s.Wheel != nil
			if s.Pip != nil {
				for _, w := range s.Pip.Wheels {
					if w.SHA256.V == "" {
						t.Errorf("%s: a wheel without a sha256", w.At)
					}
				}
			}
			if s.Apt != nil {
				for _, deb := range s.Apt.Debs {
					if deb.SHA256.V == "" {
						t.Errorf("%s: a package file without a sha256", deb.At)
					}
				}
			}
			if s.Files != nil {
				for _, p := range s.Files.Put {
					if p.File.V != "" && e.Dir == nil {
						t.Errorf("%s: %q lies in no folder", p.At, p.File.V)
					}
				}
			}
		}
		for _, v := range e.Versions {
			for _, s := range v.Sources {
				switch {
				case s.Git.Set() && s.Commit.V == "":
					t.Errorf("%s: a repository without a commit", s.At)
				case s.HTTP.Set() && s.SHA256.V == "":
					t.Errorf("%s: a download without a sha256", s.At)
				case s.Image.Set() && !strings.Contains(s.Image.V, "@sha256:"):
					t.Errorf("%s: an image without a digest", s.At)
				}
				for _, p := range s.Patches {
					if _, err := e.Dir.ReadFile(p.V); err != nil {
						t.Errorf("%s: %v", p.At, err)
					}
				}
				if s.Files.Set() {
					if list, err := e.Dir.List(s.Files.V); err != nil || len(list) == 0 {
						t.Errorf("%s: no files: %v", s.At, err)
					}
				}
			}
			if v.Date.V == "" && len(v.Sources) > 0 && compiled {
				t.Errorf("%s: version %s has a source and no date", v.At, v.Version.V)
			}
		}
	}
}

// TestPlatformData: every row names its source, and what it refers to exists.
func TestPlatformData(t *testing.T) {
	db, diags := platform.Embedded()
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	archives := map[string]bool{}
	for _, a := range db.Archives {
		archives[a.Name.V] = true
		if a.Source.V == "" || len(a.URL) == 0 {
			t.Errorf("%s: no source or no address", a.At)
		}
		if a.Key.Keyring.V == "" && (a.Key.HTTP.V == "" || a.Key.SHA256.V == "" || a.Key.Fingerprint.V == "") {
			t.Errorf("%s: the key has no keyring, and not all of address, sha256 and fingerprint", a.At)
		}
	}
	for _, d := range db.Distributions {
		for _, a := range d.Archives {
			if !archives[a.V] {
				t.Errorf("%s: there is no archive %s", a.At, a.V)
			}
		}
		if !strings.HasPrefix(d.Digest.V, "sha256:") || len(d.Digest.V) != 71 {
			t.Errorf("%s: the image has no digest", d.At)
		}
	}
	seen := map[string]bool{}
	for _, r := range db.Releases {
		for _, name := range r.Names() {
			if seen[name] {
				t.Errorf("%s: %s is another release's name too", r.At, name)
			}
			seen[name] = true
		}
		for _, l := range r.L4T {
			if seen["l4t "+l.V] {
				t.Errorf("%s: L4T %s belongs to two releases", l.At, l.V)
			}
			seen["l4t "+l.V] = true
		}
		if _, ok := db.Distribution(r.Distro.V); !ok {
			t.Errorf("%s: there is no distribution %s", r.Distro.At, r.Distro.V)
		}
		for _, s := range r.SoCs {
			if _, ok := db.SoC(s.V); !ok {
				t.Errorf("%s: there is no SoC %s", s.At, s.V)
			}
		}
		if tier := r.Tier.V; tier != "full" && tier != "resolves" && tier != "frozen" {
			t.Errorf("%s: there is no tier %q", r.Tier.At, tier)
		}
	}
	for _, d := range db.Devices {
		if _, ok := db.SoC(d.SoC.V); !ok {
			t.Errorf("%s: there is no SoC %s", d.SoC.At, d.SoC.V)
		}
	}
}

// TestReferences: every ${…} of the catalog is one that the resolver knows.
func TestReferences(t *testing.T) {
	known := []string{
		"version", "variant.", "option.", "var.", "with.", "cuda.", "python.", "l4t.", "jetpack.", "ubuntu.", "distro.", "arch", "soc.", "prefix", "cudnn.", "tensorrt.", "vpi.",
	}
	err := fs.WalkDir(embedded, Root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".toml" {
			return err
		}
		data, err := fs.ReadFile(embedded, p)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			if strings.Contains(line, "DESTDIR") || strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue // shell, which has its own
			}
			interp.Expand(strings.ReplaceAll(line, "$$", ""), func(name string) (string, bool) {
				for _, k := range known {
					if name == k || strings.HasPrefix(name, k) {
						return "", true
					}
				}
				t.Errorf("%s: nobody knows ${%s}", p, name)
				return "", true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
