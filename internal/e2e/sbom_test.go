package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// attested builds an image with a list of what it holds, whose default
// generator is this frontend: the builder needs no image for that.
func attested(t *testing.T, ctx context.Context, r engine.Request, want string) {
	r.Attrs = map[string]string{"attest:sbom": "", "attest:provenance": "mode=max"}
	var b bytes.Buffer
	r.Exports = []client.ExportEntry{harness.OCIExport(&b, nil)}
	o, err := suite.Daemon.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.Logs))
	}
	if again := o.Executed("cmake"); len(again) > 0 {
		t.Errorf("ran twice: %v", again)
	}
	blobs := layout(t, b.Bytes())
	read := func(digest string, v any) {
		t.Helper()
		must(t, json.Unmarshal(blobs["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")], v))
	}
	var top, index ocispecs.Index
	must(t, json.Unmarshal(blobs["index.json"], &top))
	read(string(top.Manifests[0].Digest), &index)
	found := map[string]json.RawMessage{}
	same := false
	for _, m := range index.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			same = same || string(m.Digest) == want
			continue
		}
		var manifest ocispecs.Manifest
		read(string(m.Digest), &manifest)
		for _, l := range manifest.Layers {
			var statement struct {
				PredicateType string
				Predicate     json.RawMessage
			}
			read(string(l.Digest), &statement)
			found[statement.PredicateType] = statement.Predicate
		}
	}
	if !same {
		t.Errorf("with attestations the image is another than %s", want)
	}
	var doc spdx.Document
	must(t, json.Unmarshal(found["https://spdx.dev/Document"], &doc))
	packages := map[string]*spdx.Package{}
	for _, p := range doc.Packages {
		packages[string(p.PackageSPDXIdentifier)] = p
	}
	for id, want := range map[string]struct{ version, license, purl, from string }{
		"component-qhull": {"2020.2", "Qhull", "pkg:generic/qhull@2020.2?download_url=", "http://ftp.debian.org/"},
		"component-hull":  {"1", "Apache-2.0", "pkg:generic/hull@1", "NOASSERTION"},
		"deb-jq-arm64":    {"1.", "NOASSERTION", "pkg:deb/debian/jq@1.", "NOASSERTION"},
		"deb-libc6-arm64": {"2.", "NOASSERTION", "?arch=arm64&distro=debian-12", "NOASSERTION"},
	} {
		p := packages[id]
		if p == nil {
			t.Errorf("%s is not listed", id)
			continue
		}
		if !strings.HasPrefix(p.PackageVersion, want.version) || p.PackageLicenseDeclared != want.license || len(p.PackageExternalReferences) != 1 ||
			!strings.Contains(p.PackageExternalReferences[0].Locator, want.purl) || !strings.HasPrefix(p.PackageDownloadLocation, want.from) {
			t.Errorf("%s is listed as %+v", id, *p)
		}
	}
	if len(packages) < 100 {
		t.Errorf("only %d packages are listed", len(packages))
	}
	if found["https://slsa.dev/provenance/v1"] == nil {
		t.Errorf("there is no provenance beside it: %d attestations", len(found))
	}
}
