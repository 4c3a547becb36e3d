package llb_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/llb"
)

// TestImageDescribesItself: an image holds its plan, byte for byte what the label
// has the digest of, and the entry point with the files that it reads.
func TestImageDescribesItself(t *testing.T) {
	p := planOf(t, archive(t, "testdata/laws.txtar"))
	if len(p.Config.Source) == 0 {
		t.Fatal("nothing is sourced: this test looks at the wrong thing")
	}
	b := compile(t, p, "amd64")
	got := map[string]string{}
	to := ""
	for _, op := range ops(t, b, b.State(b.Graph.Node("meta"))) {
		for _, a := range op.GetFile().GetActions() {
			if f := a.GetMkfile(); f != nil {
				got[fmt.Sprint(f.Path, " ", os.FileMode(f.Mode))] = string(f.Data)
			}
			if c := a.GetCopy(); c != nil {
				to = c.Dest
			}
		}
	}
	text, err := p.Canonical()
	must(t, err)
	setup := ""
	for _, s := range p.Config.Source {
		setup += s + "\n"
	}
	const entrypoint = "/entrypoint -rwxr-xr-x"
	if got[entrypoint] == "" {
		t.Error("there is no entry point")
	}
	delete(got, entrypoint)
	if diff := cmp.Diff(map[string]string{"/plan.json -rw-r--r--": string(text), "/setup -rw-r--r--": setup}, got); diff != "" {
		t.Error(diff)
	}
	if to != "/"+llb.MetaDir+"/" {
		t.Errorf("it is at %s", to)
	}
}
