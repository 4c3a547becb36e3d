package sbom

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/org/jetson-frontend/stacks/plan"
)

const status = `Package: libx1
Status: install ok installed
Architecture: arm64
Source: x (1.0)
Version: 1.0+b1
Description: a library
 Homepage: not this one
Homepage: https://x.example

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 2
`

func image() Image {
	return Image{
		Plan: &plan.Plan{
			Schema:   plan.Schema,
			Stack:    []string{"app", "lib"},
			Platform: plan.Platform{Arch: "arm64", DistroID: "ubuntu", Release: "22.04"},
			Components: []plan.Component{
				{Name: "lib", Version: "3", License: "LicenseRef-Vendor-EULA", Shipped: true, Sources: []plan.Source{{HTTP: "https://lib.example/3.tar.gz", SHA256: "abc"}}},
				{Name: "app", Version: "1.2", License: "MIT", Shipped: true, Link: []string{"lib"}, Run: []string{"lib", "tool"}, Sources: []plan.Source{
					{Git: "https://app.example/app.git", Commit: "c0ffee"}, {Git: "https://app.example/data.git", Commit: "beef"},
				}},
				{Name: "tool", Version: "9", Host: true, Arch: "amd64"},
				{Name: "check", Version: "1"},
			},
			Worlds: []plan.World{{Name: "ml", Prefix: "/opt/ml", Interpreter: "3.10"}},
		},
		Root: fstest.MapFS{
			"var/lib/dpkg/status": {Data: []byte(status)},
			"opt/ml/lib/python3.10/site-packages/Some_Thing-1.0+cu.dist-info/METADATA": {},
			"opt/ml/lib/python3.10/site-packages/some_thing/__init__.py":               {},
		},
		Date: time.Unix(1700000000, 0),
	}
}

func document(t *testing.T, img Image) (*spdx.Document, map[string]*spdx.Package) {
	t.Helper()
	data, err := Document(img)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Document(img)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same image has two documents (%v)", err)
	}
	doc := &spdx.Document{}
	if err := json.Unmarshal(data, doc); err != nil {
		t.Fatal(err)
	}
	packages := map[string]*spdx.Package{}
	for _, p := range doc.Packages {
		if packages[string(p.PackageSPDXIdentifier)] != nil {
			t.Errorf("two packages have the ID %s", p.PackageSPDXIdentifier)
		}
		packages[string(p.PackageSPDXIdentifier)] = p
	}
	return doc, packages
}

func TestDocument(t *testing.T) {
	doc, packages := document(t, image())
	var ids []string
	for id := range packages {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if want := []string{"component-app", "component-lib", "deb-libx1-arm64", "image", "pypi-ml-some-thing"}; !slices.Equal(ids, want) {
		t.Fatalf("it lists %v, want %v", ids, want)
	}
	for id, purl := range map[string]string{
		"component-lib":      "pkg:generic/lib@3?download_url=https:%2F%2Flib.example%2F3.tar.gz",
		"component-app":      "pkg:generic/app@1.2",
		"deb-libx1-arm64":    "pkg:deb/ubuntu/libx1@1.0%2Bb1?arch=arm64&distro=ubuntu-22.04",
		"pypi-ml-some-thing": "pkg:pypi/some-thing@1.0%2Bcu",
	} {
		if got := packages[id].PackageExternalReferences[0].Locator; got != purl {
			t.Errorf("%s is called %s, want %s", id, got, purl)
		}
	}
	if p := packages["component-lib"]; p.PackageChecksums[0].Value != "abc" || p.PackageDownloadLocation != "https://lib.example/3.tar.gz" {
		t.Errorf("the library is %+v", p)
	}
	if p := packages["component-app"]; !strings.Contains(p.PackageSourceInfo, "git+https://app.example/data.git@beef") {
		t.Errorf("the second source is lost: %q", p.PackageSourceInfo)
	}
	if p := packages["deb-libx1-arm64"]; p.PackageHomePage != "https://x.example" {
		t.Errorf("the package's page is %q", p.PackageHomePage)
	}
	var how []string
	for _, r := range doc.Relationships {
		if r.Relationship == "DEPENDS_ON" {
			how = append(how, string(r.RefA.ElementRefID)+">"+string(r.RefB.ElementRefID))
		}
	}
	if !slices.Equal(how, []string{"component-app>component-lib"}) {
		t.Errorf("who depends on whom: %v", how)
	}
	if len(doc.OtherLicenses) != 1 || doc.OtherLicenses[0].LicenseIdentifier != "LicenseRef-Vendor-EULA" {
		t.Errorf("licences that are not SPDX's: %+v", doc.OtherLicenses)
	}
}

// TestTree: of one component's tree nothing else is said.
func TestTree(t *testing.T) {
	img := image()
	img.Target, img.Root = "lib", fstest.MapFS{}
	_, packages := document(t, img)
	if len(packages) != 2 || packages["component-lib"] == nil {
		t.Errorf("the tree of lib holds %v", packages)
	}
}

// TestReplaced: a source that a user put another in the place of is not said to
// be in the image.
func TestReplaced(t *testing.T) {
	img := image()
	img.Plan.Components[0].Sources = []plan.Source{{To: "/src/lib", Replaced: "lib"}}
	_, packages := document(t, img)
	p := packages["component-lib"]
	if p == nil || p.PackageComment != "its source at /src/lib was replaced by the context lib" || p.PackageSourceInfo != "" || len(p.PackageChecksums) > 0 {
		t.Errorf("the package is %+v", p)
	}
}
