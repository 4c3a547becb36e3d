package stacks

import (
	"embed"
	"io/fs"
)

//go:embed stack.go component.go step.go facets.go
var sources embed.FS

// Sources are the files that define the language, with their comments. The
// schema for editors takes its descriptions from there; a program that does not
// ask for them does not carry them.
func Sources() fs.FS { return sources }
