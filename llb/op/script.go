// Package op holds the scripts that run inside a build, one file for each kind
// of work, with the shell beside it. They are POSIX sh and what a distribution
// ships; none of our own binaries is mounted, so that the command line and the
// frontend image give one LLB.
package op

import (
	"embed"
	"fmt"
	"path"
)

//go:embed sh/*.sh py/*.py
var scripts embed.FS

// Common is the script that every other one reads.
const Common = "common.sh"

// Script returns a script by its file name.
func Script(name string) ([]byte, error) {
	b, err := scripts.ReadFile("sh/" + name)
	if err != nil {
		return nil, fmt.Errorf("there is no script %s: %w", name, err)
	}
	return b, nil
}

// Beside returns a file that a script needs beside it, or false.
func Beside(script string) (name string, data []byte, ok bool) {
	file := ""
	switch script {
	case "pip-fetch.sh":
		file = "py/sitecustomize.py"
	case "apt-fetch.sh", "apt-install.sh":
		file = "sh/key.sh"
	default:
		return "", nil, false
	}
	b, err := scripts.ReadFile(file)
	return path.Base(file), b, err == nil
}

// Names lists the scripts.
func Names() []string {
	entries, err := scripts.ReadDir("sh")
	if err != nil {
		return nil // the folder is embedded; it is there
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
