package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/jetson-frontend/internal/harness"
)

// The one user of private registries.
const (
	user     = "me"
	password = "pass:word with a blank"
)

// privateRegistry is one that wants to know who it is.
func privateRegistry(t *testing.T, start func(user, password string) (*harness.Registry, error)) string {
	t.Helper()
	r, err := start(user, password)
	must(t, err)
	t.Cleanup(r.Close)
	return r.Addr
}

// login writes Docker's config.
func (c *tool) login(format string, args ...any) {
	c.t.Helper()
	must(c.t, os.WriteFile(filepath.Join(c.docker, "config.json"), fmt.Appendf(nil, format, args...), 0o600))
}

// auths is what docker login writes for a registry.
func auths(registry, password string) string {
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, registry, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// pushed reads what a registry has under a name: its digest, and the image or
// index itself.
func pushed(t *testing.T, ref string) *remote.Descriptor {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	must(t, err)
	d, err := remote.Get(r, remote.WithAuth(&authn.Basic{Username: user, Password: password}))
	must(t, err)
	return d
}

// TestPush pushes under two names with the credentials that docker login
// leaves; standard output, the metadata and the registry agree on the digest.
func TestPush(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	registry := privateRegistry(t, harness.StartPrivateRegistry)
	c.login("%s", auths(registry, password))
	meta := filepath.Join(t.TempDir(), "meta.json")
	got := c.build(r, "-t", registry+"/app:1", "-t", registry+"/other/app:2", "--push", "--metadata-file", meta)
	digest := strings.TrimSpace(got.out)
	m, err := harness.Metadata(meta)
	must(t, err)
	for _, ref := range []string{registry + "/app:1", registry + "/other/app:2", registry + "/app@" + digest} {
		if have := pushed(t, ref).Digest.String(); have != digest {
			t.Errorf("%s is %s, and %q was printed", ref, have, got.out)
		}
	}
	if m["containerimage.digest"] != digest || m["image.name"] != registry+"/app:1,"+registry+"/other/app:2" {
		t.Errorf("the metadata says %v", m)
	}
}

// TestPushByHelper takes credentials from a helper program, as docker's own
// desktop and the clouds' clients leave them.
func TestPushByHelper(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	registry := privateRegistry(t, harness.StartPrivateRegistry)
	ref := registry + "/app:1"
	c.login(`{"credHelpers":{%q:"test"}}`, registry)
	c.refused(c.try(r, "-t", ref, "--push"), "Docker's config leaves credentials to docker-credential-test, which is not on PATH", "credHelpers")
	c.program("docker-credential-test", "echo the vault is locked; exit 1")
	c.refused(c.try(r, "-t", ref, "--push"), "the credential helper of Docker's config failed: the vault is locked")
	c.program("docker-credential-test", fmt.Sprintf(`read host
[ "$1:$host" = "get:%s" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL":"'$host'","Username":"%s","Secret":"%s"}'`, registry, user, password))
	if got := c.build(r, "-t", ref, "--push"); pushed(t, ref).Digest.String()+"\n" != got.out {
		t.Errorf("the registry has %s, and %q was printed", pushed(t, ref).Digest, got.out)
	}
}

// TestPushRefused: what is wrong with credentials is said in one sentence, with
// where they are looked for, whichever way the registry asks for them.
func TestPushRefused(t *testing.T) {
	r := fast(t, `stack = "texts"`, nil)
	for kind, start := range map[string]func(user, password string) (*harness.Registry, error){
		"password": harness.StartPrivateRegistry, "token": harness.StartTokenRegistry,
	} {
		t.Run(kind, func(t *testing.T) {
			c := newTool(t)
			registry := privateRegistry(t, start)
			config := filepath.Join(c.docker, "config.json")
			refuses := "the registry " + registry + " refuses "
			none := "Docker's config (" + config + ") has no credentials for it: docker login " + registry
			c.login("{}")
			c.refused(c.try(r, "-t", registry+"/app:1", "--push"), "exporting to image: "+refuses+"the push of app:1", none)
			base := "--build-context=fast.invalid/base:1=docker-image://" + registry + "/app:1"
			c.refused(c.try(r, base), refuses+"access to app", none)
			c.refused(c.try(r, "--build-arg", "BASE="+registry+"/app:1"), registry+"/app:1 cannot be reached: "+refuses+"access to app", "docker login "+registry)
			c.login("%s", auths(registry, "wrong"))
			c.refused(c.try(r, "-t", registry+"/app:1", "--push"), refuses+"the push of app:1", "with the credentials for it in Docker's config ("+config+"): docker login "+registry+" writes others")
			c.login("%s", auths(registry, password))
			c.build(r, "-t", registry+"/app:1", "--push")
			c.build(r, base)
		})
	}
	c := newTool(t)
	c.refused(c.try(r, "-t", "127.0.0.1:1/app:1", "--push"), "the registry 127.0.0.1:1 cannot be reached: connection refused", "it is the builder that reaches for it")
}

// TestPushPlatforms pushes an index of two platforms, with labels, annotations
// and provenance.
func TestPushPlatforms(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	r.Platforms = nil
	ref := suite.Registry.Addr + "/platforms:1"
	got := c.build(r, "-t", ref, "--push", "--platform", "linux/amd64,linux/arm64", "--label", "my.label=a b", "--annotation", "my.note=c",
		"--annotation", "index:my.index=d", "--annotation", "manifest[linux/arm64]:my.arm=e", "--provenance=mode=max")
	d := pushed(t, ref)
	if d.Digest.String()+"\n" != got.out {
		t.Errorf("the registry has %s, and %q was printed", d.Digest, got.out)
	}
	if one := c.try(r, "-t", ref, "--push", "--platform", "linux/amd64", "--annotation", "index:my.index=d"); one.code != 2 || !strings.Contains(one.err, "has no index to annotate") {
		t.Errorf("an annotation of an index that is none: %d\n%s", one.code, one.err)
	}
	index, err := d.ImageIndex()
	must(t, err)
	m, err := index.IndexManifest()
	must(t, err)
	if m.Annotations["my.index"] != "d" {
		t.Errorf("the index is annotated %v", m.Annotations)
	}
	var platforms []string
	attested := map[string]bool{}
	for _, d := range m.Manifests {
		img, err := index.Image(d.Digest)
		must(t, err)
		if d.Platform.OS == "unknown" {
			attested[d.Annotations["vnd.docker.reference.digest"]] = provenance(t, img)
			continue
		}
		platforms = append(platforms, d.Platform.String())
		config, err := img.ConfigFile()
		must(t, err)
		im, err := img.Manifest()
		must(t, err)
		if config.Config.Labels["my.label"] != "a b" || config.Architecture != d.Platform.Architecture {
			t.Errorf("%s says of itself: %s, %v", d.Platform, config.Architecture, config.Config.Labels)
		}
		if _, arm := im.Annotations["my.arm"]; im.Annotations["my.note"] != "c" || arm != (d.Platform.Architecture == "arm64") {
			t.Errorf("%s is annotated %v", d.Platform, im.Annotations)
		}
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("the index has %v", platforms)
	}
	for _, d := range m.Manifests[:2] {
		if !attested[d.Digest.String()] {
			t.Errorf("%s has no provenance", d.Platform)
		}
	}
}

// provenance reports whether an attestation tells the whole build: each of its
// steps, and where the base came from.
func provenance(t *testing.T, img v1.Image) bool {
	t.Helper()
	layers, err := img.Layers()
	must(t, err)
	for _, l := range layers {
		rc, err := l.Uncompressed()
		must(t, err)
		var statement struct {
			PredicateType string
			Predicate     struct {
				BuildDefinition struct {
					InternalParameters   struct{ BuildConfig struct{ LlbDefinition []any } }
					ResolvedDependencies []struct{ URI string }
				}
			}
		}
		must(t, json.NewDecoder(rc).Decode(&statement))
		rc.Close()
		b := statement.Predicate.BuildDefinition
		if strings.HasPrefix(statement.PredicateType, "https://slsa.dev/provenance/") && len(b.InternalParameters.BuildConfig.LlbDefinition) > 5 && len(b.ResolvedDependencies) > 0 {
			return true
		}
	}
	return false
}
