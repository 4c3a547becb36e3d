package cli

import (
	"maps"
	"slices"
	"strings"
)

// listedRelease is a release of JetPack, or a plain platform, for scripts.
type listedRelease struct {
	JetPack  string            `json:"jetpack,omitempty"`
	Also     []string          `json:"also,omitempty"`
	Platform string            `json:"platform"` // the name that --platform takes
	L4T      []string          `json:"l4t,omitempty"`
	Kernel   string            `json:"kernel,omitempty"`
	Tier     string            `json:"tier,omitempty"`
	Distro   string            `json:"distribution"`
	SoCs     []string          `json:"socs,omitempty"`
	Arches   []string          `json:"architectures"`
	Bases    []string          `json:"bases,omitempty"`
	Versions map[string]string `json:"versions,omitempty"`
}

func listReleases(env Env, s *shelf, asJSON bool) error {
	out := []listedRelease{}
	for _, r := range s.releases() {
		l := listedRelease{
			JetPack: r.JetPack.V, Also: texts(r.Also), Platform: "jetpack-" + r.JetPack.V, L4T: texts(r.L4T), Kernel: r.Kernel.V, Tier: r.Tier.V,
			Distro: r.Distro.V, SoCs: texts(r.SoCs), Arches: []string{"arm64"}, Versions: map[string]string{},
		}
		for _, v := range r.Versions {
			l.Versions[v.Key.V] = v.Val.V
		}
		for _, b := range r.Bases {
			l.Bases = append(l.Bases, b.Name.V)
		}
		out = append(out, l)
	}
	for _, d := range s.db.Distributions {
		out = append(out, listedRelease{Platform: d.Name.V, Distro: d.Name.V, Arches: texts(d.Arches)})
	}
	if asJSON {
		return env.json(out)
	}
	sc := env.screen()
	t := table{head: []string{"JETPACK", "L4T", "DISTRIBUTION", "SOCS", "TIER", "VERSIONS"}, flex: []int{5, 1}}
	plain := table{head: []string{"PLATFORM", "ARCHITECTURES"}}
	for _, r := range out {
		if r.JetPack == "" {
			plain.add(r.Platform, strings.Join(r.Arches, " "))
			continue
		}
		var vs []string
		for _, k := range slices.Sorted(maps.Keys(r.Versions)) {
			vs = append(vs, k+" "+r.Versions[k])
		}
		t.add(r.JetPack, strings.Join(r.L4T, " "), r.Distro, strings.Join(r.SoCs, " "), r.Tier, strings.Join(vs, ", "))
	}
	t.write(sc)
	sc.printf("\n")
	plain.write(sc)
	return nil
}

// listedDevice is a device for scripts.
type listedDevice struct {
	Name     string   `json:"name"`
	Also     []string `json:"also,omitempty"`  // names that --device takes too
	Parts    []string `json:"parts,omitempty"` // and these, from the device tree
	SoC      string   `json:"soc"`
	SM       string   `json:"sm"` // compute capability without the dot
	Summary  string   `json:"summary"`
	JetPacks []string `json:"jetpacks"` // the newest first
}

func listDevices(env Env, s *shelf, asJSON bool) error {
	out := []listedDevice{}
	for _, d := range s.db.Devices {
		l := listedDevice{Name: d.Name.V, Also: texts(d.Also), Parts: texts(d.Parts), SoC: d.SoC.V, Summary: d.Summary.V, JetPacks: []string{}}
		if soc, ok := s.db.SoC(d.SoC.V); ok {
			l.SM = soc.SM.V
		}
		for _, r := range s.releases() {
			if r.Supports(d.SoC.V) {
				l.JetPacks = append(l.JetPacks, r.JetPack.V)
			}
		}
		out = append(out, l)
	}
	if asJSON {
		return env.json(out)
	}
	t := table{head: []string{"DEVICE", "SOC", "SM", "JETPACK", "WHAT"}, flex: []int{3, 4}}
	for _, d := range out {
		releases := strings.Join(d.JetPacks, " ")
		if n := len(d.JetPacks); n > 2 {
			releases = d.JetPacks[n-1] + " to " + d.JetPacks[0]
		}
		t.add(d.Name, d.SoC, d.SM, releases, d.Summary)
	}
	t.write(env.screen())
	return nil
}
