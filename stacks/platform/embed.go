package platform

import (
	"embed"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

//go:embed data
var embedded embed.FS

// Embedded returns the platform data that this program carries.
func Embedded() (*DB, diag.List) { return load(embedded, "data", "platform:", tree.ParseValid) }
