package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Site is the address of Debian's archive that this machine's apt uses. It is
// read from there, so that tests and the demonstration reach whatever the
// machine can reach.
func Site(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("asking apt for its archive: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if s := strings.TrimSpace(line); strings.HasSuffix(strings.TrimRight(s, "/"), "/debian") {
			return strings.TrimRight(s, "/"), nil
		}
	}
	return "", fmt.Errorf("apt on this machine uses no archive of Debian; run apt-get update")
}

// Mirrors gives the MIRRORS argument that sends Debian's addresses in the
// platform data to the machine's own archive.
func Mirrors(site string) string {
	return strings.Join([]string{
		"http://ftp.debian.org/debian=" + site,
		"http://security.debian.org/debian-security=" + site + "-security",
	}, ",")
}

// DebianBase makes a minimal Debian for both architectures from its archive,
// as an OCI layout, once. It stands in for the official image, which only a
// registry has.
func DebianBase(ctx context.Context, suite string, arches ...string) (string, error) {
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "base", suite)
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
		return dir, nil
	}
	site, err := Site(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	images := map[string]v1.Image{}
	eg, ectx := errgroup.WithContext(ctx)
	for _, arch := range arches {
		eg.Go(func() error { return bootstrap(ectx, suite, arch, site, dir+"-"+arch+".tar") })
	}
	if err := eg.Wait(); err != nil {
		return "", err
	}
	for _, arch := range arches {
		img, err := TarImage(dir+"-"+arch+".tar", arch, v1.Config{
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, Cmd: []string{"bash"},
		})
		if err != nil {
			return "", err
		}
		images[arch] = img
	}
	if err := WriteLayout(dir, Index(images)); err != nil {
		return "", err
	}
	for _, arch := range arches {
		_ = os.Remove(dir + "-" + arch + ".tar") // its content is in the layout now
	}
	return dir, nil
}

// bootstrap makes a root file system's tar with mmdebstrap. Roots of another
// architecture take a binfmt handler.
func bootstrap(ctx context.Context, suite, arch, site, tar string) error {
	partial := tar + ".partial"
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=minbase", "--architectures="+arch, "--skip=check/qemu",
		"--format=tar", suite, partial, site)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("making Debian %s for %s: %w\n%s", suite, arch, err, stderr.String())
	}
	return os.Rename(partial, tar)
}
