package catalog

import (
	"embed"
)

//go:embed all:components
var embedded embed.FS

// Embedded returns the catalog that this program carries.
func Embedded() (*Catalog, error) { return New(embedded, "catalog:") }
