package harness

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// applets are the names under which the fast base's one program is known.
var applets = []string{
	"bash", "cat", "chmod", "comm", "cp", "cut", "date", "env", "false", "find", "grep", "head", "ln", "ls", "mkdir", "nproc", "readlink",
	"rm", "rmdir", "sh", "sleep", "sort", "tail", "touch", "tr", "true", "uname", "uniq", "wc",
}

// goBuild compiles a command of this repository for linux and an architecture.
func goBuild(ctx context.Context, pkg, arch, out string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s for %s: %w\n%s", pkg, arch, err, text)
	}
	return nil
}

// FastBase makes a base image of `go build` alone, for both architectures.
func FastBase(ctx context.Context, dir string) (v1.ImageIndex, error) {
	images := map[string]v1.Image{}
	tars := map[string]string{}
	eg, ectx := errgroup.WithContext(ctx)
	for _, arch := range []string{"amd64", "arm64"} {
		tars[arch] = filepath.Join(dir, "fast-"+arch+".tar")
		eg.Go(func() error {
			bin := filepath.Join(dir, "fastbase-"+arch)
			if err := goBuild(ectx, "./internal/harness/fastbase", arch, bin); err != nil {
				return err
			}
			return fastTar(bin, tars[arch])
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	for arch, path := range tars {
		img, err := TarImage(path, arch, v1.Config{Env: []string{"PATH=/usr/bin:/bin", "BASE=fast"}, Cmd: []string{"/bin/sh"}})
		if err != nil {
			return nil, err
		}
		images[arch] = img
	}
	return Index(images), nil
}

// fastTar is a root file system with merged /usr, as distributions have it.
func fastTar(bin, out string) error {
	program, err := os.ReadFile(bin)
	if err != nil {
		return fmt.Errorf("reading %s: %w", bin, err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(h tar.Header, data []byte) {
		if err == nil {
			h.ModTime, h.Size = time.Unix(0, 0), int64(len(data))
			if err = w.WriteHeader(&h); err == nil {
				_, err = w.Write(data)
			}
		}
	}
	// A distribution brings the places along over which a container's own are
	// mounted; else they are made in the first exec, with the time of day.
	for _, d := range []string{"dev", "etc", "proc", "root", "run", "sys", "usr", "usr/bin", "usr/lib", "usr/local", "usr/share", "var", "var/tmp"} {
		add(tar.Header{Typeflag: tar.TypeDir, Name: d + "/", Mode: 0o755}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, nil)
	for _, l := range []string{"bin", "lib"} {
		add(tar.Header{Typeflag: tar.TypeSymlink, Name: l, Linkname: "usr/" + l, Mode: 0o777}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/fastbase", Mode: 0o755}, program)
	for _, a := range applets {
		add(tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/bin/" + a, Linkname: "fastbase", Mode: 0o777}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/group", Mode: 0o644}, []byte("root:x:0:\n"))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("writing the fast base: %w", err)
	}
	return os.WriteFile(out, b.Bytes(), 0o600)
}
