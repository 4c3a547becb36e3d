package engine

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// home is a user's home with what Docker and buildx keep there, and a PATH that
// has buildx or has not.
func home(t *testing.T, buildx bool, files map[string]string) (getenv func(string) string, bin string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "bin")
	files[".docker/nothing"] = ""
	if buildx {
		files["bin/docker-buildx"] = "#!/bin/sh\n"
	}
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", path)
	env := map[string]string{"HOME": dir}
	for _, e := range strings.Fields(files["env"]) {
		k, v, _ := strings.Cut(e, "=")
		env[k] = v
	}
	return func(k string) string { return env[k] }, filepath.Join(path, "docker-buildx")
}

// ping stands in for Docker's engine: it answers the one question that is asked
// of it here.
func ping(t *testing.T) string {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_ping" {
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() { s.Close() })
	return sock
}

// TestChoose goes through the order of builders. That a system's buildkitd is
// found is seen in the private daemon's suite, which has one to be found.
func TestChoose(t *testing.T) {
	docker := ping(t)
	none := filepath.Join(t.TempDir(), "none.sock")
	current := func(key, name, global string) map[string]string {
		return map[string]string{
			".docker/buildx/current":        `{"Key":"` + key + `","Name":"` + name + `","Global":` + global + `}`,
			".docker/buildx/instances/farm": "{}",
		}
	}
	for _, tc := range []struct {
		name   string
		buildx bool
		files  map[string]string
		look   Look
		want   Builder
		err    string
	}{
		{"nothing here", true, nil, Look{Docker: none}, Builder{How: ByPrivate, Why: "no other builder is here"}, ""},
		{"an address", true, nil, Look{Addr: "tcp://x:1", Flag: "farm"}, Builder{How: ByBuildKit, Address: "tcp://x:1", Why: "--addr"}, ""},
		{"an address as a builder", false, nil, Look{Flag: "unix:///x", Docker: docker}, Builder{How: ByBuildKit, Address: "unix:///x", Why: "--builder"}, ""},
		{"the private one by name", true, current("any", "farm", "true"), Look{Flag: "private", Docker: docker}, Builder{How: ByPrivate, Why: "--builder"}, ""},
		{"by name", true, nil, Look{Flag: "farm"}, Builder{How: ByBuildx, Name: "farm", Why: "--builder"}, ""},
		{"by name without buildx", false, nil, Look{Flag: "farm"}, Builder{}, "docker-buildx-plugin"},
		{"BUILDKIT_HOST before Docker", true, map[string]string{"env": "BUILDKIT_HOST=tcp://y:2"}, Look{Docker: docker}, Builder{How: ByBuildKit, Address: "tcp://y:2", Why: "BUILDKIT_HOST"}, ""},
		{"--builder before BUILDKIT_HOST", true, map[string]string{"env": "BUILDKIT_HOST=tcp://y:2"}, Look{Flag: "farm"}, Builder{How: ByBuildx, Name: "farm", Why: "--builder"}, ""},
		{"BUILDX_BUILDER", true, map[string]string{"env": "BUILDX_BUILDER=farm"}, Look{Docker: none}, Builder{How: ByBuildx, Name: "farm", Why: "BUILDX_BUILDER"}, ""},
		{"the current one of buildx", true, current("unix://"+docker, "farm", "false"), Look{Docker: docker}, Builder{How: ByBuildx, Name: "farm", Why: "the current builder of buildx"}, ""},
		{"the current one everywhere", true, current("elsewhere", "farm", "true"), Look{Docker: none}, Builder{How: ByBuildx, Name: "farm", Why: "the current builder of buildx"}, ""},
		{"one chosen for another Docker", true, current("unix:///other", "farm", "false"), Look{Docker: none}, Builder{How: ByPrivate, Why: "no other builder is here"}, ""},
		{"one that was removed", true, current("any", "gone", "true"), Look{Docker: none}, Builder{How: ByPrivate, Why: "no other builder is here"}, ""},
		{"a name that is a path", true, current("any", "../current", "true"), Look{Docker: none}, Builder{How: ByPrivate, Why: "no other builder is here"}, ""},
		{"Docker", true, nil, Look{Docker: docker}, Builder{How: ByBuildx, Why: "Docker"}, ""},
		{"Docker by DOCKER_HOST", true, map[string]string{"env": "DOCKER_HOST=unix://" + docker}, Look{Docker: none}, Builder{How: ByBuildx, Why: "Docker"}, ""},
		{"Docker by a context", true, map[string]string{
			".docker/config.json": `{"currentContext":"here"}`,
			// The folder is the SHA-256 of the context's name.
			".docker/contexts/meta/fcec91509759ad995c2cd14bcb26b2720993faf61c29d379b270d442d92290eb/meta.json": `{"Endpoints":{"docker":{"Host":"unix://` + docker + `"}}}`,
		}, Look{Docker: none}, Builder{How: ByBuildx, Why: "Docker"}, ""},
		{"Docker without buildx", false, nil, Look{Docker: docker}, Builder{How: ByPrivate, Why: "no other builder is here",
			Notices: []string{"Docker runs here but is passed over: its buildx plugin is not installed (sudo apt-get install docker-buildx-plugin)"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.files == nil {
				tc.files = map[string]string{}
			}
			getenv, bin := home(t, tc.buildx, tc.files)
			tc.look.Getenv = getenv
			got, err := Choose(t.Context(), tc.look)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.want.How == ByBuildx {
				tc.want.Buildx = bin
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}
