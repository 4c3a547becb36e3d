package cli

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/org/jetson-frontend/internal/engine"
)

// keep writes what is known of the result where the flags say. The image is made
// by then: what cannot be written keeps nothing else from being said.
func (i *imageFlags) keep(env Env, res engine.Result) error {
	digest := res.Response["containerimage.digest"]
	var failed error
	if i.metadataFile != "" {
		data, err := json.MarshalIndent(metadata(res.Response), "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the metadata: %w", err)
		}
		failed = replaceFile(i.metadataFile, append(data, '\n'), 0o644)
	}
	if i.iidFile != "" && digest != "" {
		failed = errors.Join(failed, replaceFile(i.iidFile, []byte(digest), 0o644))
	}
	switch {
	case i.piped:
	case digest != "":
		fmt.Fprintln(env.Stdout, digest)
	case len(i.outputs) == 0 && !i.push && !i.load && len(i.tags) == 0 && !i.quiet:
		fmt.Fprintln(env.Stderr, "jetson: the result stays in the builder's cache; -t and --push, --load or -o take it out")
	}
	return failed
}

// writable refuses the name of a file that could not be written when all is
// built.
func writable(flag, name string) error {
	if name == "" || isStream(name) {
		return nil
	}
	dir := filepath.Dir(name)
	st, err := os.Stat(name)
	switch {
	case err == nil && st.IsDir():
		return usagef("--%s: %s is a folder; the name of a file is needed", flag, name)
	case err == nil && unix.Access(name, unix.W_OK) == nil:
		return nil
	case !isDir(dir):
		return usagef("--%s: there is no folder %s", flag, dir)
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return usagef("--%s: %s cannot be written: %v", flag, name, err)
	}
	return nil
}

// metadata is the builder's answer as buildx writes it: what is JSON within,
// plain or as base64, becomes part of the document.
func metadata(response map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range response {
		out[k] = v
		raw, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			continue
		}
		var inner map[string]any
		if json.Unmarshal(raw, &inner) == nil && len(inner) > 0 {
			out[k] = json.RawMessage(raw)
		}
	}
	return out
}
