package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/jetson-frontend/internal/harness"
)

// TestPushThroughBuildx pushes with credentials and takes a private repository
// through the real buildx, called by itself and by jetson build.
func TestPushThroughBuildx(t *testing.T) {
	c := newTool(t)
	bin, err := harness.Tool("buildx")
	must(t, err)
	must(t, os.Symlink(bin, filepath.Join(c.bin, "buildx")))
	dir := t.TempDir()
	bx, err := harness.NewBuildx(t.Context(), dir, suite.Daemon)
	must(t, err)
	c.docker = filepath.Join(dir, "buildx") // where the builder is known, and Docker's config beside it
	c.env = append(c.env, "BUILDX_CONFIG="+c.docker, "DOCKER_CONFIG="+c.docker, "TOKEN="+gitToken, "BUILDKIT_HOST=")
	registry := privateRegistry(t, harness.StartTokenRegistry)
	repo := newRepository(t)
	url := repo.overHTTP(t)
	r := fast(t, fromGit(url, `branch = "main"`), nil)
	by := []string{"--builder", "jetson", "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", "-t", registry + "/app:1", "--push"}

	c.refused(c.try(r, "--builder", "jetson"), "wants credentials for this repository", "--secret id=GIT_AUTH_TOKEN,env=TOKEN")
	got := c.try(r, by...)
	c.refused(got, "exporting to image: the registry "+registry+" refuses the push of app:1", "Docker's config ("+c.docker+"/config.json) has no credentials for it")
	if strings.Contains(got.err, "failed to solve") {
		t.Errorf("buildx's chain of errors is shown, too:\n%s", got.err)
	}
	c.login("%s", auths(registry, password))
	got = c.build(r, by...)
	if want := pushed(t, registry+"/app:1").Digest.String() + "\n"; got.out != want {
		t.Errorf("the registry has %s, and %q was printed", want, got.out)
	}
	t.Setenv("TOKEN", gitToken)
	meta := filepath.Join(t.TempDir(), "meta.json")
	args := append(arguments(r), "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", "-t", registry+"/app:2", "--push", "--metadata-file", meta, ".")
	if out, err := bx.Run(t.Context(), r.Context, args...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m, err := harness.Metadata(meta)
	must(t, err)
	if m["containerimage.digest"] != strings.TrimSpace(got.out) || pushed(t, registry+"/app:2").Digest.String() != m["containerimage.digest"] {
		t.Errorf("buildx pushed %v, jetson build %s", m["containerimage.digest"], got.out)
	}
}
