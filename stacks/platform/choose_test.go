package platform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

func text(s string) tree.Text { return tree.Text{V: s} }

// choice reads "jetpack=6.2 ubuntu=24.04 arch=arm64 cuda=12.8".
func choice(t testing.TB, s string) platform.Choice {
	t.Helper()
	c := platform.Choice{Native: "amd64"}
	for _, f := range strings.Fields(s) {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			t.Fatalf("%q is no choice", f)
		}
		v = strings.ReplaceAll(v, "_", " ")
		switch k {
		case "jetpack":
			c.JetPack = text(v)
		case "l4t":
			c.L4T = text(v)
		case "platform":
			c.Platform = text(v)
		case "ubuntu":
			c.Ubuntu = text(v)
		case "device":
			c.Device = text(v)
		case "arch":
			c.Arch = v
		case "native":
			c.Native = v
		default:
			c.Versions = append(c.Versions, tree.Entry[tree.Text]{Key: text(k), Val: text(v)})
		}
	}
	return c
}

// said is the first finding with its help.
func said(diags diag.List) string {
	if len(diags) == 0 {
		return ""
	}
	s := diags[0].Summary
	if diags[0].Help != "" {
		s += " (" + diags[0].Help + ")"
	}
	return s
}

// asked answers an archive's condition for a target.
type asked struct{ t *platform.Target }

func (a asked) Version(key string) string {
	switch {
	case key == "l4t":
		return a.t.L4T
	case key == "ubuntu" && a.t.Distro.ID.V == "ubuntu":
		return a.t.Distro.Version.V
	case key == "jetpack" && a.t.Release != nil:
		return a.t.Release.JetPack.V
	}
	return a.t.Versions[key]
}

func (a asked) Words(key string) []string {
	switch key {
	case "arch":
		return []string{a.t.Arch}
	case "flavour":
		return []string{a.t.Flavour}
	case "distro":
		return []string{a.t.Distro.Name.V, a.t.Distro.ID.V}
	case "soc":
		var out []string
		for _, s := range a.t.SoCs {
			out = append(out, s.Name.V)
		}
		return out
	}
	return nil
}

func (asked) Variant(string) string { return "" }
func (asked) With(string) bool      { return false }

// archive is an archive's address for an architecture, or "-".
func archive(db *platform.DB, t *platform.Target, name, arch string) string {
	a, ok := db.Archive(name, asked{t})
	if !ok {
		return "-"
	}
	url, ok := a.URLFor(arch)
	if !ok {
		return "-"
	}
	_, path, _ := strings.Cut(url, "://")
	_, path, _ = strings.Cut(path, "/")
	return strings.TrimPrefix(path, "compute/cuda/repos/")
}

// TestEveryRelease chooses each release by each of its names and numbers, for
// each chip and module that it runs on, and finds its archives.
func TestEveryRelease(t *testing.T) {
	db := embedded(t)
	for _, r := range db.Releases {
		var choices []string
		for _, n := range r.Names() {
			choices = append(choices, "jetpack="+strings.ReplaceAll(n, " ", "_"), "platform=jetpack-"+strings.ReplaceAll(n, " ", "_"))
		}
		for _, l := range r.L4T {
			choices = append(choices, "l4t="+l.V, "l4t=r"+l.V, "l4t=R"+l.V)
		}
		for _, s := range r.SoCs {
			choices = append(choices, "jetpack="+r.JetPack.V+" device="+s.V)
			for _, d := range db.Devices {
				if d.SoC.V != s.V {
					continue
				}
				for _, name := range d.Names() {
					choices = append(choices, "jetpack="+r.JetPack.V+" device="+name)
				}
			}
		}
		for _, c := range choices {
			target, diags := db.Choose(choice(t, c))
			if len(diags) > 0 {
				t.Errorf("%s: %v", c, diags.Err())
				continue
			}
			if target.Release.JetPack.V != r.JetPack.V || target.Arch != "arm64" || target.Flavour != r.Flavour.V || target.Distro.Name.V != r.Distro.V || len(target.SMs()) == 0 {
				t.Errorf("%s: chose %s, %s, %s for sm %v", c, target, target.Arch, target.Flavour, target.SMs())
			}
			for _, v := range r.Versions {
				if target.Versions[v.Key.V] != v.Val.V {
					t.Errorf("%s: %s is %s, not %s", c, v.Key.V, target.Versions[v.Key.V], v.Val.V)
				}
			}
			if len(target.Versions) != len(r.Versions) {
				t.Errorf("%s: versions %v are not the release's own", c, target.Versions)
			}
			if got := archive(db, target, "l4t", "arm64"); got != "jetson/common" {
				t.Errorf("%s: archive l4t is %s", c, got)
			}
			if got := archive(db, target, "l4t-bsp", "arm64"); !strings.HasPrefix(got, "jetson/") {
				t.Errorf("%s: archive l4t-bsp is %s", c, got)
			}
		}
	}
}

func TestChoices(t *testing.T) {
	db := embedded(t)
	for _, tt := range []struct {
		choice, want, archives string // archives: cuda on the target, cuda on an amd64 builder, l4t-bsp, ros, ros2
	}{
		{"jetpack=6.2", "JetPack 6.2 L4T 36.4.3 tegra arm64 sm 87 cuda 12.6.68 python 3.10", "ubuntu2204/arm64 ubuntu2204/x86_64 jetson/t234 - ros2/ubuntu"},
		{"jetpack=7.2", "JetPack 7.2 L4T 39.2.0 sbsa arm64 sm 87;110 cuda 13.2.75 python 3.12", "ubuntu2404/sbsa ubuntu2404/x86_64 jetson/som - ros2/ubuntu"},
		{"jetpack=7.2 device=agx-thor", "JetPack 7.2 for agx-thor L4T 39.2.0 sbsa arm64 sm 110 cuda 13.2.75 python 3.12", ""},
		{"jetpack=7.2 device=T5000", "JetPack 7.2 for agx-thor L4T 39.2.0 sbsa arm64 sm 110 cuda 13.2.75 python 3.12", ""},
		{"jetpack=6.2 device=p3767-0005", "JetPack 6.2 for orin-nano L4T 36.4.3 tegra arm64 sm 87 cuda 12.6.68 python 3.10", ""},
		{"platform=ubuntu-24.04 device=gb10", "ubuntu-24.04/arm64 sbsa arm64 sm 121 cuda 13.2.86 python 3.12", ""},
		{"jetpack=7.2 device=orin", "JetPack 7.2 L4T 39.2.0 sbsa arm64 sm 87 cuda 13.2.75 python 3.12", ""},
		{"jetpack=7.0", "JetPack 7.0 L4T 38.2.2 sbsa arm64 sm 110 cuda 13.0.48 python 3.12", "ubuntu2404/sbsa ubuntu2404/x86_64 jetson/som - ros2/ubuntu"},
		{"jetpack=5.1.2", "JetPack 5.1.2 L4T 35.4.1 tegra arm64 sm 72;87 cuda 11.4.298 python 3.8", "ubuntu2004/arm64 ubuntu2004/x86_64 jetson/t234 ros/ubuntu ros2/ubuntu"},
		{"jetpack=5.1.2 device=agx-xavier", "JetPack 5.1.2 for agx-xavier L4T 35.4.1 tegra arm64 sm 72 cuda 11.4.298 python 3.8", "ubuntu2004/arm64 ubuntu2004/x86_64 jetson/t194 ros/ubuntu ros2/ubuntu"},
		{"jetpack=4.6.6 device=nano", "JetPack 4.6.6 for nano L4T 32.7.6 tegra arm64 sm 53 cuda 10.2.300 python 3.6", "- ubuntu1804/x86_64 jetson/t210 ros/ubuntu ros2/ubuntu"},

		// A line of releases, and a number that is shorter than it could be.
		{"jetpack=6", "JetPack 6.2.3 L4T 36.5.2 tegra arm64 sm 87 cuda 12.6.68 python 3.10", ""},
		{"jetpack=6.1.1", "JetPack 6.1 L4T 36.4.2 tegra arm64 sm 87 cuda 12.6.68 python 3.10", ""},
		{"platform=jetpack-7", "JetPack 7.2.1 L4T 39.2.1 sbsa arm64 sm 87;110 cuda 13.2.86 python 3.12", ""},
		{"jetpack=5.1", "JetPack 5.1 L4T 35.2.1 tegra arm64 sm 72;87 cuda 11.4.298 python 3.8", ""},
		{"l4t=36.3", "JetPack 6.0 L4T 36.3.0 tegra arm64 sm 87 cuda 12.2.140 python 3.10", ""},
		{"l4t=r38.2", "JetPack 7.0 L4T 38.2.2 sbsa arm64 sm 110 cuda 13.0.48 python 3.12", ""},
		{"l4t=36.4.0", "JetPack 6.1 L4T 36.4.0 tegra arm64 sm 87 cuda 12.6.68 python 3.10", ""},

		// The axes apart: NVIDIA's archives go with the release where the driver
		// decides, ROS's with the distribution.
		{"jetpack=6.2 ubuntu=24.04", "JetPack 6.2 on ubuntu-24.04 L4T 36.4.3 tegra arm64 sm 87 cuda 12.6.68 python 3.12", "ubuntu2204/arm64 ubuntu2204/x86_64 jetson/t234 - ros2/ubuntu"},
		{"jetpack=7.2 ubuntu=22.04", "JetPack 7.2 on ubuntu-22.04 L4T 39.2.0 sbsa arm64 sm 87;110 cuda 13.2.75 python 3.10", "ubuntu2204/sbsa ubuntu2204/x86_64 jetson/som - ros2/ubuntu"},
		{"jetpack=5.1.6 device=xavier-nx ubuntu=24.04", "JetPack 5.1.6 on ubuntu-24.04 for xavier-nx L4T 35.6.4 tegra arm64 sm 72 cuda 11.4.298 python 3.12", "ubuntu2004/arm64 ubuntu2004/x86_64 jetson/t194 - ros2/ubuntu"},
		{"jetpack=6.2 cuda=12.8", "JetPack 6.2 L4T 36.4.3 tegra arm64 sm 87 cuda 12.8 python 3.10", "ubuntu2204/arm64 ubuntu2204/x86_64 jetson/t234 - ros2/ubuntu"},
		{"jetpack=6.2 cuda=13.0", "JetPack 6.2 L4T 36.4.3 tegra arm64 sm 87 cuda 13.0 python 3.10", "- - jetson/t234 - ros2/ubuntu"},
		{"jetpack=5.1.2 cuda=13.0", "JetPack 5.1.2 L4T 35.4.1 tegra arm64 sm 87 cuda 13.0 python 3.8", "- - jetson/t234 ros/ubuntu ros2/ubuntu"},

		// Hosts without JetPack.
		{"platform=ubuntu-22.04", "ubuntu-22.04/amd64 x86_64 amd64 sm 75;86;89;90;120 cuda 13.2.86 python 3.10", "ubuntu2204/x86_64 ubuntu2204/x86_64 - - ros2/ubuntu"},
		{"platform=ubuntu-24.04 native=arm64 device=ada", "ubuntu-24.04/arm64 sbsa arm64 sm 89 cuda 13.2.86 python 3.12", "ubuntu2404/sbsa ubuntu2404/x86_64 - - ros2/ubuntu"},
		{"platform=ubuntu-20.04 device=hopper", "ubuntu-20.04/amd64 x86_64 amd64 sm 90 cuda 12.9.79 python 3.8", "ubuntu2004/x86_64 ubuntu2004/x86_64 - ros/ubuntu ros2/ubuntu"},
		{"platform=ubuntu-18.04", "ubuntu-18.04/amd64 x86_64 amd64 sm 75;86;89;90 cuda 12.1.105 python 3.6", "ubuntu1804/x86_64 ubuntu1804/x86_64 - ros/ubuntu ros2/ubuntu"},
		{"platform=debian-12 cuda=11.8", "debian-12/amd64 x86_64 amd64 sm 75;86;89;90 cuda 11.8 python 3.11", "debian12/x86_64 debian12/x86_64 - - -"},
		{"platform=ubuntu-24.04 device=ampere", "ubuntu-24.04/amd64 x86_64 amd64 sm 86 cuda 13.2.86 python 3.12", ""},
		{"platform=ubuntu-24.04 device=a100", "ubuntu-24.04/amd64 x86_64 amd64 sm 80 cuda 13.2.86 python 3.12", ""},
		{"platform=debian-13 arch=arm64", "debian-13/arm64 sbsa arm64 sm 75;86;89;90;120 cuda 13.2.86 python 3.13", "debian13/sbsa debian13/x86_64 - - -"},
		// A Jetson's module under a plain distribution is for arm64 on any builder.
		{"platform=debian-12 device=agx-orin", "debian-12/arm64 sbsa arm64 sm 87 cuda 13.0.96 python 3.11", ""},
	} {
		t.Run(tt.choice, func(t *testing.T) {
			target, diags := db.Choose(choice(t, tt.choice))
			if target == nil {
				t.Fatal(diags.Err())
			}
			got := target.String()
			if target.L4T != "" {
				got += " L4T " + target.L4T
			}
			got += fmt.Sprintf(" %s %s sm %s cuda %s python %s", target.Flavour, target.Arch, strings.Join(target.SMs(), ";"), target.Versions["cuda"], target.Versions["python"])
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.archives == "" {
				return
			}
			var as []string
			for _, a := range [][2]string{{"cuda", target.Arch}, {"cuda", "amd64"}, {"l4t-bsp", target.Arch}, {"ros", target.Arch}, {"ros2", target.Arch}} {
				as = append(as, archive(db, target, a[0], a[1]))
			}
			if got := strings.Join(as, " "); got != tt.archives {
				t.Errorf("archives %s\nwant     %s", got, tt.archives)
			}
		})
	}
}

// TestHostTools: where an archive serves a target, it serves an amd64 builder
// and an arm64 one as well, or says that it is for one architecture.
func TestHostTools(t *testing.T) {
	db := embedded(t)
	for _, a := range db.Archives {
		_, arm := a.URLFor("arm64")
		_, amd := a.URLFor("amd64")
		if a.Name.V != "cuda" || arm && amd {
			continue
		}
		if !slices.ContainsFunc(a.When.Conds, func(c stacks.Cond) bool { return c.Key == "flavour" && len(c.Any) == 1 }) {
			t.Errorf("%s: an architecture has no address", a.At)
		}
	}
}

func TestWarnings(t *testing.T) {
	db := embedded(t)
	for choiceText, want := range map[string]string{
		"jetpack=6":               `JetPack 6 is a line of releases; this build takes 6.2.3 (write "6.2.3" to stay with it)`,
		"jetpack=5.1.2 cuda=13.0": "cuda 13.0 cannot compile for t194 (sm_72) (it takes cuda >=10,<13)",
		"jetpack=6.2":             "",
		"platform=ubuntu-18.04":   "", // its toolkit passes over the newest GPUs, which are a default only
	} {
		target, diags := db.Choose(choice(t, choiceText))
		if target == nil || diags.HasErrors() {
			t.Errorf("%s: %v", choiceText, diags.Err())
			continue
		}
		if got := said(diags); got != want {
			t.Errorf("%s: said %q, not %q", choiceText, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	db := embedded(t)
	for _, tt := range []struct{ choice, rule, want string }{
		{"", "no-platform", `this stack does not say what it is for (add a line such as jetpack = "6.2" or platform = "debian-12")`},
		{"jetpack=6.3", "unknown-release", `there is no JetPack "6.3" (the nearest are 6.2.3 and 7.0)`},
		{"jetpack=8", "unknown-release", `there is no JetPack "8" (the newest known is 7.2.1)`},
		{"jetpack=3.3", "unknown-release", `there is no JetPack "3.3" (the oldest known is 4.6)`},
		{"jetpack=5.0", "unknown-release", `there is no JetPack "5.0" (the nearest are 5.0-dp and 5.0.1-dp)`},
		{"jetpack=jetpack-6.2", "unknown-release", `there is no JetPack "jetpack-6.2" (write "6.2")`},
		{"jetpack=JP5.1.2", "unknown-release", `there is no JetPack "JP5.1.2" (write "5.1.2")`},
		{"jetpack=r36.4.3", "unknown-release", `there is no JetPack "r36.4.3" (36.4.3 is a number of L4T: write "6.2", which is its JetPack, or l4t = "36.4.3")`},
		{"jetpack=none", "unknown-release", `there is no JetPack "none" (write a release, such as "6.2")`},
		{"jetpack=", "no-platform", ""},
		{"l4t=36.4.1", "unknown-release", `there is no L4T "36.4.1" (the nearest are 36.4.0 and 36.4.2)`},
		{"l4t=39.2", "unknown-release", "L4T 39.2 stands for several releases (write one of 39.2.0 (JetPack 7.2), 39.2.1 (JetPack 7.2.1))"},
		{"l4t=36.4", "unknown-release", "L4T 36.4 stands for several releases (write one of 36.4.0 (JetPack 6.1), 36.4.2 (JetPack 6.1), 36.4.3 (JetPack 6.2), 36.4.4 (JetPack 6.2.1), 36.4.7 (JetPack 6.2.1))"},
		{"platform=jetpack-6.9", "unknown-release", `there is no JetPack "6.9" (the nearest are 6.2.3 and 7.0)`},
		{"platform=ubuntu-24.4", "unknown-platform", `there is no platform "ubuntu-24.4" (did you mean "ubuntu-24.04", "ubuntu-20.04" or "ubuntu-22.04"?)`},
		{"jetpack=6.2 ubuntu=23.10", "unknown-distribution", `there is no Ubuntu "23.10" here (known: 18.04, 20.04, 22.04, 24.04)`},
		{"jetpack=6.2 device=xavier", "unsupported-device", "JetPack 6.2 does not run on xavier (these do: 4.6, 4.6.1, 4.6.2, 4.6.3, 4.6.4, 4.6.5, 4.6.6, 5.0-dp, 5.0.1-dp, 5.0.2, 5.1, 5.1.1, 5.1.2, 5.1.3, 5.1.4, 5.1.5, 5.1.6, 5.1.7)"},
		{"jetpack=7.1 device=agx-orin", "unsupported-device", "JetPack 7.1 does not run on agx-orin (these do: 5.0-dp, 5.0.1-dp, 5.0.2, 5.1, 5.1.1, 5.1.2, 5.1.3, 5.1.4, 5.1.5, 5.1.6, 5.1.7, 6.0-dp, 6.0, 6.1, 6.2, 6.2.1, 6.2.2, 6.2.3, 7.2, 7.2.1)"},
		{"jetpack=6.2 device=agx-thor", "unsupported-device", "JetPack 6.2 does not run on agx-thor (these do: 7.0, 7.1, 7.2, 7.2.1)"},
		{"jetpack=6.2 device=ada", "unsupported-device", "JetPack 6.2 does not run on ada (no release here does)"},
		{"jetpack=6.2 device=orin-nx2", "unknown-device", `there is no device "orin-nx2" (did you mean "orin-nx" or "orin"?)`},
		{"jetpack=6.2 device=p3767-0006", "unknown-device", `there is no device "p3767-0006" (did you mean "p3767-0000", "p3767-0001" or "p3767-0003"?)`},
		{"jetpack=6.2 device=gb10", "unsupported-device", "JetPack 6.2 does not run on gb10 (no release here does)"},
		{"platform=ubuntu-22.04 device=gb10 cuda=12.8", "unsupported-device", "cuda 12.8 cannot compile for gb10 (sm_121) (it takes cuda >=13)"},
		{"jetpack=6.2 arch=amd64", "unsupported-arch", `JetPack 6.2 runs on arm64 only, not on amd64 (build with --platform linux/arm64, or name a plain platform such as "ubuntu-22.04")`},
		{"platform=ubuntu-22.04 arch=riscv64", "unsupported-arch", "ubuntu-22.04 is not built for riscv64 here (it can be built for arm64, amd64)"},
		{"platform=ubuntu-22.04 arch=amd64 device=orin-nano", "unsupported-arch", "orin-nano does not run amd64 (build with --platform linux/arm64)"},
		{"jetpack=5.1.2 device=agx-xavier cuda=13.0", "unsupported-device", "cuda 13.0 cannot compile for agx-xavier (sm_72) (it takes cuda >=10,<13)"},
		{"jetpack=7.0 cuda=12.9", "unsupported-device", "cuda 12.9 cannot compile for t264 (sm_110) (it takes cuda >=13)"},
		{"platform=ubuntu-18.04 device=blackwell", "unsupported-device", "cuda 12.1.105 cannot compile for blackwell (sm_120) (it takes cuda >=12.8)"},
	} {
		t.Run(tt.choice, func(t *testing.T) {
			target, diags := db.Choose(choice(t, tt.choice))
			if target != nil || !diags.HasErrors() {
				t.Fatalf("chose %v", target)
			}
			if diags[0].Rule != tt.rule {
				t.Errorf("the rule is %s", diags[0].Rule)
			}
			if got := said(diags); tt.want != "" && got != tt.want {
				t.Errorf("said %s\nwant %s", got, tt.want)
			}
		})
	}
}
