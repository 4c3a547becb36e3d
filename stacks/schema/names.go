package schema

import (
	"fmt"
	"slices"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// Names are what an editor may offer.
type Names struct {
	JetPacks, L4Ts, Platforms, Ubuntus, Devices, VersionKeys []string
	Components                                               []*catalog.Entry
}

// NamesOf collects the names of a catalog and its platforms.
func NamesOf(cat *catalog.Catalog, db *platform.DB) (Names, error) {
	all, diags := cat.All()
	if err := diags.Err(); err != nil {
		return Names{}, fmt.Errorf("reading the catalog: %w", err)
	}
	n := Names{Components: all, VersionKeys: db.VersionKeys()}
	for i := range db.Releases {
		r := &db.Releases[i]
		n.JetPacks = append(n.JetPacks, r.Names()...)
		n.L4Ts = append(n.L4Ts, tree.Strings(r.L4T)...)
	}
	for _, d := range db.Distributions {
		n.Platforms = append(n.Platforms, d.Name.V)
		if d.ID.V == "ubuntu" {
			n.Ubuntus = append(n.Ubuntus, d.Version.V)
		}
	}
	for _, d := range db.Devices {
		n.Devices = append(n.Devices, d.Name.V)
	}
	return n, nil
}

// apply puts the names where a stack file uses them.
func (n Names) apply(props Schema) {
	for key, known := range map[string][]string{
		"jetpack": n.JetPacks, "l4t": n.L4Ts, "platform": n.Platforms, "ubuntu": n.Ubuntus, "device": n.Devices,
	} {
		slices.Sort(known)
		props[key] = offered(props[key].(Schema), slices.Compact(known))
	}
	options, versions := Schema{}, Schema{}
	for _, k := range n.VersionKeys {
		versions[k] = described(text(), "The platform's "+k+".")
	}
	for _, e := range n.Components {
		options[e.Name.V] = n.options(e)
		if len(e.Versions) > 0 {
			versions[e.Name.V] = described(text(), e.Summary.V+".")
		}
	}
	props["options"].(Schema)["properties"] = options
	props["versions"].(Schema)["properties"] = versions
}

// offered adds known words to a text: an editor offers them, and takes others.
func offered(s Schema, known []string) Schema {
	if len(known) == 0 {
		return s
	}
	out := Schema{"anyOf": []any{Schema{"enum": known}, text()}}
	if d, ok := s["description"]; ok {
		out["description"] = d
	}
	return out
}

// options are those of one component.
func (n Names) options(e *catalog.Entry) Schema {
	props := Schema{}
	for _, o := range e.Options {
		s := Schema{"type": map[string]string{"bool": "boolean", "int": "integer"}[o.Type.V]}
		switch o.Type.V {
		case "string":
			s = text()
		case "enum":
			s = Schema{"enum": tree.Strings(o.Values)}
		}
		props[o.Name.V] = described(s, o.Summary.V)
	}
	return described(Schema{"type": "object", "properties": props}, e.Summary.V+".")
}
