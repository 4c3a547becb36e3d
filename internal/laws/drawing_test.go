package laws

import (
	"testing"

	"github.com/org/jetson-frontend/stacks/catalog"
)

// TestDrawingUnderEmulation: a test that draws by the processor names Mesa's
// driver for it. The one that Mesa would take compiles shaders as it goes, which
// QEMU's user mode does not survive.
func TestDrawingUnderEmulation(t *testing.T) {
	cat, err := catalog.Embedded()
	must(t, err)
	all, diags := cat.All()
	must(t, diags.Err())
	drawing := 0
	for _, c := range all {
		for _, test := range c.Tests {
			if _, ok := test.Env.Get("LIBGL_ALWAYS_SOFTWARE"); !ok {
				continue
			}
			drawing++
			if driver, _ := test.Env.Get("GALLIUM_DRIVER"); driver.V != "softpipe" {
				t.Errorf("%s: the test %s draws by the driver %q", test.At, test.Name.V, driver.V)
			}
		}
	}
	if drawing < 2 {
		t.Errorf("%d tests draw: this test looks at the wrong thing", drawing)
	}
}
