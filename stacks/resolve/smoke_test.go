package resolve

import (
	"fmt"
	"os"
	"testing"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
)

func TestSmoke(t *testing.T) {
	s, ds := stacks.Parse(&diag.File{Name: "stack.toml", Data: []byte("stack = \"qhull\"\njetpack = \"6.2\"\n")})
	diag.Style{}.Render(os.Stdout, ds)
	cat, err := catalog.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	db, ds := platform.Embedded()
	diag.Style{}.Render(os.Stdout, ds)
	r := Resolve(Input{Stack: s, Catalog: cat, Platforms: db})
	diag.Style{}.Render(os.Stdout, r.Diags)
	if r.Plan != nil {
		b, _ := r.Plan.Pretty()
		fmt.Println(string(b))
	}
}
