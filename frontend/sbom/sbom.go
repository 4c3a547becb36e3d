// Package sbom writes down what an image holds, as an SPDX document. The plan
// knows what was compiled, from which commit and under which licence; the image
// itself knows what its package managers installed.
package sbom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	packageurl "github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/org/jetson-frontend/stacks/plan"
)

// Image is what a document is about.
type Image struct {
	Plan *plan.Plan
	// Target is what was built of the plan; a component's name if it is that
	// component's tree alone.
	Target string
	// Root is the image's file system.
	Root fs.FS
	// Date is the image's.
	Date time.Time
}

// noAssertion is SPDX's word for what nobody looked up.
const noAssertion = "NOASSERTION"

// Document describes an image. The same image has the same document.
func Document(img Image) ([]byte, error) {
	digest, err := img.Plan.Digest()
	if err != nil {
		return nil, err
	}
	name := strings.Join(img.Plan.Stack, "+")
	w := &writer{img: img, doc: &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: name,
		DocumentNamespace: "https://github.com/org/jetson-frontend/spdx/" + strings.TrimPrefix(digest, "sha256:") + "/" + img.Target,
		CreationInfo: &spdx.CreationInfo{
			Created: img.Date.UTC().Format(time.RFC3339), Creators: []common.Creator{{CreatorType: "Tool", Creator: "jetson-frontend"}},
		},
	}}
	w.add("image", &spdx.Package{PackageName: name, PrimaryPackagePurpose: "CONTAINER", PackageComment: "plan " + digest})
	w.relate("DOCUMENT", "DESCRIBES", "image")
	if err := w.contents(); err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(w.doc, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing the list of what the image holds: %w", err)
	}
	return out, nil
}

type writer struct {
	img Image
	doc *spdx.Document
}

func (w *writer) contents() error {
	w.components()
	for _, read := range []func() error{w.debs, w.worlds} {
		if err := read(); err != nil {
			return err
		}
	}
	w.licenses()
	return nil
}

// add enters a package under an ID of the document, filling what SPDX wants.
func (w *writer) add(id string, p *spdx.Package) {
	p.PackageSPDXIdentifier = common.ElementID(id)
	for _, s := range []*string{&p.PackageDownloadLocation, &p.PackageLicenseDeclared, &p.PackageLicenseConcluded, &p.PackageCopyrightText} {
		if *s == "" {
			*s = noAssertion
		}
	}
	w.doc.Packages = append(w.doc.Packages, p)
}

// contained enters a package that is part of the image.
func (w *writer) contained(id string, p *spdx.Package) {
	w.add(id, p)
	w.relate("image", "CONTAINS", id)
}

func (w *writer) relate(a, how, b string) {
	w.doc.Relationships = append(w.doc.Relationships, &spdx.Relationship{
		RefA: common.MakeDocElementID("", a), RefB: common.MakeDocElementID("", b), Relationship: how,
	})
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func elementID(parts ...string) string {
	return notInID.ReplaceAllString(strings.Join(parts, "-"), "-")
}

func purl(p *packageurl.PackageURL) []*spdx.PackageExternalReference {
	return []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.ToString()}}
}

// components enters what the stack's components put into the image.
func (w *writer) components() {
	in := map[string]bool{}
	for i := range w.img.Plan.Components {
		c := &w.img.Plan.Components[i]
		if c.Shipped && !c.Host && (w.whole() || c.Name == w.img.Target) {
			in[c.Name] = true
			w.component(c)
		}
	}
	for _, c := range w.img.Plan.Components {
		needs := slices.Concat(c.Link, c.Run)
		slices.Sort(needs)
		for _, n := range slices.Compact(needs) {
			if in[c.Name] && in[n] && !c.Host {
				w.relate(elementID("component", c.Name), "DEPENDS_ON", elementID("component", n))
			}
		}
	}
}

// whole reports whether the target is an image, and not one component's tree.
func (w *writer) whole() bool {
	_, one := w.img.Plan.Component(w.img.Target)
	return !one
}

func (w *writer) component(c *plan.Component) {
	p := &spdx.Package{PackageName: c.Name, PackageVersion: c.Version, PackageSummary: c.Summary, PackageLicenseDeclared: c.License}
	var quals packageurl.Qualifiers
	var from []string
	for _, s := range c.Sources {
		switch {
		case s.Replaced != "":
			w.note(p, "its source at "+s.To+" was replaced by the context "+s.Replaced)
		case s.Git != "":
			from = append(from, "git+"+s.Git+"@"+s.Commit)
			quals = packageurl.Qualifiers{{Key: "vcs_url", Value: "git+" + s.Git + "@" + s.Commit}}
		case s.HTTP != "":
			from = append(from, s.HTTP)
			quals = packageurl.Qualifiers{{Key: "download_url", Value: s.HTTP}}
			if s.SHA256 != "" {
				p.PackageChecksums = append(p.PackageChecksums, common.Checksum{Algorithm: common.SHA256, Value: s.SHA256})
			}
		}
	}
	if len(from) > 0 {
		p.PackageDownloadLocation = from[0]
		p.PackageSourceInfo = strings.Join(from, "\n")
		if len(from) > 1 {
			quals, p.PackageChecksums = nil, nil // they are of one source among several
		}
	}
	p.PackageExternalReferences = purl(packageurl.NewPackageURL(packageurl.TypeGeneric, "", c.Name, c.Version, quals, ""))
	w.contained(elementID("component", c.Name), p)
}

// note adds what is to be known of a package.
func (w *writer) note(p *spdx.Package, text string) {
	if p.PackageComment != "" {
		p.PackageComment += "\n"
	}
	p.PackageComment += text
}

// dpkgStatus is where dpkg keeps what is installed.
const dpkgStatus = "var/lib/dpkg/status"

// debs enters what dpkg says is installed. A tree without dpkg has none.
func (w *writer) debs() error {
	data, err := readIfThere(w.img.Root, dpkgStatus)
	if err != nil {
		return err
	}
	at := w.img.Plan.Platform
	for block := range strings.SplitSeq(string(data), "\n\n") {
		f := fields(block)
		if f["Package"] == "" || !strings.HasSuffix(f["Status"], " installed") {
			continue
		}
		source, _, _ := strings.Cut(f["Source"], " ")
		quals := packageurl.Qualifiers{{Key: "arch", Value: f["Architecture"]}, {Key: "distro", Value: at.DistroID + "-" + at.Release}}
		p := &spdx.Package{PackageName: f["Package"], PackageVersion: f["Version"], PackageHomePage: f["Homepage"]}
		if source != "" {
			p.PackageSourceInfo = "built from the source package " + source
		}
		p.PackageExternalReferences = purl(packageurl.NewPackageURL(packageurl.TypeDebian, at.DistroID, f["Package"], f["Version"], quals, ""))
		w.contained(elementID("deb", f["Package"], f["Architecture"]), p)
	}
	return nil
}

// fields reads the lines "Name: value" of a block of dpkg's; values of several
// lines are no concern here.
func fields(block string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(block) {
		if name, value, ok := strings.Cut(line, ": "); ok && line[0] != ' ' {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out
}

func readIfThere(root fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(root, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what is installed: %v", err)
	}
	return data, nil
}

// worlds enters what the Python worlds hold: each distribution has a folder
// name-version.dist-info.
func (w *writer) worlds() error {
	for _, world := range w.img.Plan.Worlds {
		dir := path.Join(strings.TrimPrefix(world.Prefix, "/"), "lib/python"+world.Interpreter, "site-packages")
		entries, err := fs.ReadDir(w.img.Root, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the Python world %s: %v", world.Name, err)
		}
		for _, e := range entries {
			stem, ok := strings.CutSuffix(e.Name(), ".dist-info")
			name, version, two := strings.Cut(stem, "-")
			if !ok || !two {
				continue
			}
			name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
			p := &spdx.Package{PackageName: name, PackageVersion: version, PackageSourceInfo: "in /" + dir}
			p.PackageExternalReferences = purl(packageurl.NewPackageURL(packageurl.TypePyPi, "", name, version, nil, ""))
			w.contained(elementID("pypi", world.Name, name), p)
		}
	}
	return nil
}

// licenses explains the licences that are not on SPDX's list.
func (w *writer) licenses() {
	var refs []string
	for _, p := range w.doc.Packages {
		for _, word := range strings.FieldsFunc(p.PackageLicenseDeclared, func(r rune) bool { return strings.ContainsRune(" ()", r) }) {
			if strings.HasPrefix(word, "LicenseRef-") {
				refs = append(refs, word)
			}
		}
	}
	slices.Sort(refs)
	for _, r := range slices.Compact(refs) {
		w.doc.OtherLicenses = append(w.doc.OtherLicenses, &spdx.OtherLicense{
			LicenseIdentifier: r, LicenseName: noAssertion,
			ExtractedText: "The terms come with the vendor's packages, under /usr/share/doc.",
		})
	}
}
