package resolve_test

import (
	"testing"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// TestConditionsOfTheCatalog: each names what exists.
func TestConditionsOfTheCatalog(t *testing.T) {
	cat, err := catalog.Embedded()
	must(t, err)
	db, diags := platform.Embedded()
	must(t, diags.Err())
	for _, name := range cat.Names() {
		e, diags := cat.Get(name)
		must(t, diags.Err())
		if diags := resolve.Conditions(e, cat, db); len(diags) > 0 {
			t.Errorf("%s: %v", name, diags)
		}
	}
}
