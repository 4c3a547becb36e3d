package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Root is the repository's folder, found from the current one upwards.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the current folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && !strings.HasPrefix(filepath.Base(dir), "tools") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("this is not inside the repository: there is no go.mod above")
		}
		dir = up
	}
}

// Cache is where everything that is made once is kept: tools, base images,
// downloads. Nothing of it is part of the repository.
func Cache() (string, error) {
	if dir := os.Getenv("JETSON_TEST_CACHE"); dir != "" {
		return dir, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, ".cache"), nil
}

// Tool returns the path of a program that `make tools` builds.
func Tool(name string) (string, error) {
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	p := filepath.Join(cache, "bin", name)
	if _, err := os.Stat(p); err != nil {
		return "", fmt.Errorf("%s is missing; run: make tools", p)
	}
	return p, nil
}

// Missing says what of the machine's own programs and rights a daemon needs
// and does not find; "" if nothing is missing.
func Missing() string {
	if os.Geteuid() != 0 {
		return "root, to start a buildkitd"
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return "runc; run: make setup"
	}
	return ""
}

// Emulates reports whether the kernel runs programs of an architecture that is
// not its own.
func Emulates(machine string) bool {
	data, err := os.ReadFile("/proc/sys/fs/binfmt_misc/qemu-" + machine)
	return err == nil && strings.HasPrefix(string(data), "enabled")
}
