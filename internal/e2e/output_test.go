package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/org/jetson-frontend/internal/harness"
)

// TestOutputs puts one result everywhere that it can go, in one build: as a
// folder, as tars of files, for Docker and as OCI, and as an OCI layout.
func TestOutputs(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	got := c.build(r, "-t", "example.org/app:1", "-o", at("tree"), "-o", "type=tar,dest="+at("tree.tar"), "-o", "type=docker,dest="+at("docker.tar"),
		"-o", "type=oci,dest="+at("oci.tar"), "-o", "type=oci,tar=false,dest="+at("layout"), "--iidfile", at("iid"))
	digest := strings.TrimSpace(got.out)
	const want = "hello 1.2 on amd64"
	read := func(name string) []byte {
		data, err := os.ReadFile(at(name))
		must(t, err)
		return data
	}
	files, err := harness.Outcome{Tar: read("tree.tar")}.Files()
	must(t, err)
	if string(read("tree/usr/local/share/texts/hello")) != want || files["/usr/local/share/texts/hello"] != want {
		t.Error("the folder, or the tar, has not what was built")
	}
	if string(read("iid")) != digest {
		t.Errorf("the file has %s, standard output %s", read("iid"), digest)
	}
	for name, index := range map[string][]byte{"oci.tar": layout(t, read("oci.tar"))["index.json"], "layout": read("layout/index.json"), "docker.tar": layout(t, read("docker.tar"))["index.json"]} {
		var i ocispecs.Index
		must(t, json.Unmarshal(index, &i))
		if len(i.Manifests) != 1 || i.Manifests[0].Digest.String() != digest || i.Manifests[0].Annotations["io.containerd.image.name"] != "example.org/app:1" {
			t.Errorf("%s has %v, and %s was printed", name, i.Manifests, digest)
		}
	}
	var docker []struct{ RepoTags []string }
	must(t, json.Unmarshal(layout(t, read("docker.tar"))["manifest.json"], &docker))
	if len(docker) != 1 || !slices.Equal(docker[0].RepoTags, []string{"example.org/app:1"}) {
		t.Errorf("docker would find %v", docker)
	}
}

// TestLoadInto gives an image to docker: to one that takes it, one that does
// not, and none. That there is none is said before anything is built.
func TestLoadInto(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	c.program("docker", `[ "$*" = load ] && cat >`+c.bin+`/loaded`)
	c.build(r, "-t", "example.org/app:1", "--load")
	loaded, err := os.ReadFile(filepath.Join(c.bin, "loaded"))
	must(t, err)
	if !strings.Contains(string(layout(t, loaded)["manifest.json"]), `"example.org/app:1"`) {
		t.Error("docker was not given the image")
	}
	c.program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
	c.refused(c.try(r, "-t", "x", "--load"), "Cannot connect to the Docker daemon", "docker load")
	c.env = append(c.env, "PATH="+t.TempDir())
	for _, flag := range []string{"--load", "--output=type=docker"} {
		got := c.try(r, "-t", "x", flag)
		c.refused(got, "jetson: there is no docker here to load the image into\n  -o type=docker,dest=image.tar writes a file")
		if strings.Contains(got.err, "#1 ") {
			t.Errorf("with %s it was built first:\n%s", flag, got.err)
		}
	}
}
