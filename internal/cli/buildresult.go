package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/org/jetson-frontend/internal/engine"
)

// keep writes what is known of the result where the flags say.
func (i *imageFlags) keep(env Env, res engine.Result) error {
	digest := res.Response["containerimage.digest"]
	if i.metadataFile != "" {
		data, err := json.MarshalIndent(metadata(res.Response), "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the metadata: %w", err)
		}
		if err := replaceFile(i.metadataFile, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	if i.iidFile != "" && digest != "" {
		if err := replaceFile(i.iidFile, []byte(digest), 0o644); err != nil {
			return err
		}
	}
	switch {
	case i.piped:
	case digest != "":
		fmt.Fprintln(env.Stdout, digest)
	case len(i.outputs) == 0 && !i.push && !i.load && len(i.tags) == 0 && !i.quiet:
		fmt.Fprintln(env.Stderr, "jetson: the result stays in the builder's cache; -t and --push, --load or -o take it out")
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
