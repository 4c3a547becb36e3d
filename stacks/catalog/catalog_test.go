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
