package stacks

import (
	"strings"
	"testing"
)

func TestShorthand(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"humble+qt5+vtk9+cupcl", []string{"humble", "qt5", "vtk9", "cupcl"}},
		{"ros:desktop@humble", []string{"ros:desktop@humble"}},
		{"vtk:source:full@>=9,<10 + qt5", []string{"vtk:source:full@>=9,<10", "qt5"}},
	} {
		refs, diags := ParseRefs("arg", tc.text)
		if err := diags.Err(); err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		var got []string
		for _, r := range refs {
			got = append(got, r.String())
			if at := string(r.At.File.Data[r.At.Start:r.At.End]); at != r.String() {
				t.Errorf("%s is said to be at %q", r, at)
			}
		}
		if strings.Join(got, "|") != strings.Join(tc.want, "|") {
			t.Errorf("%s gives %q", tc.text, got)
		}
	}
	for _, bad := range []string{"", "+", "a++b", "A", "a:@1", "a@", "a b", "a@>=x y", "a:B", strings.Repeat("a", 65), "../x", "a;b"} {
		if _, diags := ParseRefs("arg", bad); !diags.HasErrors() {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzShorthand(f *testing.F) {
	f.Add("humble+vtk:apt@>=9,<10")
	f.Fuzz(func(t *testing.T, s string) {
		refs, diags := ParseRefs("arg", s)
		for _, d := range diags {
			if d.Range.Start < 0 || d.Range.End > len(s) {
				t.Fatalf("the range %v is outside of the text", d.Range)
			}
		}
		if diags.HasErrors() {
			return
		}
		for _, r := range refs {
			if !ValidName(r.Name.V) {
				t.Errorf("%q has the name %q", s, r.Name.V)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"libstdc++6": true, "g++": true, "g++-12": true, "libc6:arm64": true, "0ad": true, "jq": true,
		"-o": false, "a": false, "jq=1": false, "jq/sid": false, "jq+": false, "jq-": false, "JQ": false, "jq;x": false, "": false, "libc6:": false,
	} {
		if got := ValidPackage(name); got != want {
			t.Errorf("package %q: %v", name, got)
		}
	}
	for path, want := range map[string]bool{"/usr/local": true, "/a/../b": false, "a": false, "/": true, "/a\nb": false, "//x/": true} {
		if _, got := CleanAbs(path); got != want {
			t.Errorf("path %q: %v", path, got)
		}
	}
	for url, want := range map[string]bool{"https://h/x": true, "http://u:p@h/x": false, "file:///etc/passwd": false, "https://h/a b": false, "https:///x": false} {
		if got := ValidURL(url, "http", "https"); got != want {
			t.Errorf("address %q: %v", url, got)
		}
	}
	for url, want := range map[string]bool{
		"https://h/x.git": true, "ssh://git@h/x.git": true, "git://h/x.git": true,
		"https://token@h/x.git": false, "http://token@h/x": false, "git://me@h/x": false, "https://:p@h/x": false, "ssh://git:p@h/x": false, "https://@h/x": false,
	} {
		if got := ValidURL(url, "https", "http", "git", "ssh"); got != want {
			t.Errorf("repository %q: %v", url, got)
		}
	}
	for size, want := range map[string]int64{"1100MiB": 1100 << 20, "8g": 8 << 30, "512": 512, "x": -1, "": -1, "-1m": -1} {
		got, err := ParseSize(size)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("size %q is %d", size, got)
		}
	}
}
