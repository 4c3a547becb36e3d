package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// named is a builder of buildx's by name. That it is there is for buildx to
// say.
func (l Look) named(name, why string) (Builder, error) {
	bin := l.buildx()
	if bin == "" {
		return Builder{}, fmt.Errorf("the builder %q of %s is one of buildx's, and buildx is not installed\n  on Debian and Ubuntu with Docker's packages: sudo apt-get install docker-buildx-plugin\n  or give an address such as unix:///run/buildkit/buildkitd.sock, or %q for the private builder", name, why, Private)
	}
	return Builder{How: ByBuildx, Name: name, Buildx: bin, Why: why}, nil
}

// buildx finds the program: by itself, or as a plugin of Docker's.
func (l Look) buildx() string {
	for _, name := range []string{"docker-buildx", "buildx"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	dirs := []string{filepath.Join(l.dockerConfig(), "cli-plugins")}
	for _, d := range []string{"/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"} {
		dirs = append(dirs, filepath.Join(d, "docker", "cli-plugins"))
	}
	for _, d := range dirs {
		p := filepath.Join(d, "docker-buildx")
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o111 != 0 {
			return p
		}
	}
	return ""
}

func (l Look) dockerConfig() string {
	if d := l.Getenv("DOCKER_CONFIG"); d != "" {
		return d
	}
	return filepath.Join(l.Getenv("HOME"), ".docker")
}

// current is the builder that `buildx build` would use: the one chosen with
// `buildx use`, or Docker's own. ok is false if there is none that could work.
func (l Look) current(ctx context.Context) (b Builder, ok bool, notice string) {
	bin := l.buildx()
	host := l.dockerHost()
	if name := l.chosen(host); name != "" && bin != "" {
		return Builder{How: ByBuildx, Name: name, Buildx: bin, Why: "the current builder of buildx"}, true, ""
	}
	if !dockerAnswers(ctx, host) {
		return Builder{}, false, ""
	}
	if bin == "" {
		return Builder{}, false, "Docker runs here but is passed over: its buildx plugin is not installed (sudo apt-get install docker-buildx-plugin)"
	}
	return Builder{How: ByBuildx, Buildx: bin, Why: "Docker"}, true, ""
}

// chosen is the name that `buildx use` left in buildx's state: for this Docker,
// or for any (file `current` of store/store.go in docker/buildx).
func (l Look) chosen(host string) string {
	dir := l.Getenv("BUILDX_CONFIG")
	if dir == "" {
		dir = filepath.Join(l.dockerConfig(), "buildx")
	}
	data, err := os.ReadFile(filepath.Join(dir, "current"))
	if err != nil {
		return ""
	}
	var c struct {
		Key, Name string
		Global    bool
	}
	if json.Unmarshal(data, &c) != nil || c.Name == "" || filepath.Base(c.Name) != c.Name {
		return ""
	}
	if !c.Global && c.Key != host && c.Key != l.context() {
		return "" // chosen for another Docker
	}
	if _, err := os.Stat(filepath.Join(dir, "instances", c.Name)); err != nil {
		return "" // removed since, or the one of a Docker context
	}
	return c.Name
}

// context is the name of Docker's current context.
func (l Look) context() string {
	if c := l.Getenv("DOCKER_CONTEXT"); c != "" {
		return c
	}
	data, err := os.ReadFile(filepath.Join(l.dockerConfig(), "config.json"))
	if err != nil {
		return "default"
	}
	var c struct {
		CurrentContext string `json:"currentContext"`
	}
	if json.Unmarshal(data, &c) != nil || c.CurrentContext == "" {
		return "default"
	}
	return c.CurrentContext
}

// dockerHost is where Docker's engine is: DOCKER_HOST, the current context's
// (contexts/meta/<sha256 of its name>/meta.json), or the standard socket.
func (l Look) dockerHost() string {
	if h := l.Getenv("DOCKER_HOST"); h != "" {
		return h
	}
	if name := l.context(); name != "default" {
		sum := sha256.Sum256([]byte(name))
		data, err := os.ReadFile(filepath.Join(l.dockerConfig(), "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"))
		var meta struct {
			Endpoints map[string]struct{ Host string }
		}
		if err == nil && json.Unmarshal(data, &meta) == nil {
			return meta.Endpoints["docker"].Host
		}
	}
	return "unix://" + l.Docker
}

// dockerAnswers asks the engine for a sign of life. One that is reached over
// the network is believed to be there: the user has said so.
func dockerAnswers(ctx context.Context, host string) bool {
	sock, local := strings.CutPrefix(host, "unix://")
	if !local {
		return host != ""
	}
	if _, err := os.Stat(sock); err != nil {
		return false
	}
	c := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", sock)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return false
	}
	resp, err := c.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
