package lock

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDecode: every value of a lock has its form. What has another could be an
// option of apt's or pip's.
func TestDecode(t *testing.T) {
	hash, digest := strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	apt := func(lines ...string) File {
		return File{Packages: map[string]Packages{"arm64/apt/run/ros2/fetch": {Exact: lines}}}
	}
	pip := func(lines ...string) File {
		return File{Packages: map[string]Packages{"arm64/world/main/library/fetch": {Exact: lines}}}
	}
	for name, f := range map[string]File{
		"images": {Images: map[string]string{"debian:12": digest}},
		"git":    {Git: map[string]string{"https://x/y.git#main": strings.Repeat("c", 40)}},
		"http":   {HTTP: map[string]string{"https://x/y": hash}},
		"apt":    apt("jq:arm64=1.6-2.1+deb12u1", "libstdc++6:arm64=12.2.0-14", "tzdata:all=2024a-0+deb12u1", "cuda-cudart-12-6=1:12.6.68-1~x"),
		"pip":    pip("numpy==1.26.4 --hash=sha256:"+hash, "torch==2.5.0+cu126 --hash=sha256:"+hash, "x==1!2.0rc1 --hash=sha256:"+hash),
		"tools":  {Packages: map[string]Packages{"arm64/wheel-tools/x/wheel-1": {Exact: []string{"ninja==1.11 --hash=sha256:" + hash}}}},
	} {
		if err := decode(t, f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, f := range map[string]File{
		"an option of apt":  apt("-oDPkg::Pre-Invoke::=id"),
		"no version":        apt("jq"),
		"two lines":         apt("jq=1\n-o=x"),
		"removal":           apt("jq-"),
		"an option of pip":  pip("--extra-index-url=https://evil.example/simple"),
		"an address":        pip("x @ https://evil.example/x.whl --hash=sha256:" + hash),
		"no hash":           pip("x==1"),
		"more on a line":    pip("x==1 --hash=sha256:" + hash + " --pre"),
		"a tag":             {Images: map[string]string{"debian:12": "latest"}},
		"a branch":          {Git: map[string]string{"https://x/y.git#main": "main"}},
		"no sum":            {HTTP: map[string]string{"https://x/y": "sha256:" + hash}},
		"pip's form of apt": apt("x==1 --hash=sha256:" + hash),
	} {
		if err := decode(t, f); err == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
}

func decode(t *testing.T, f File) error {
	t.Helper()
	f.Schema = Schema
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Decode(data)
	return err
}
