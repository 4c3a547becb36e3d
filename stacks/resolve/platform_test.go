package resolve_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/lock"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/resolve"
)

// TestArchiveKey: the key of an archive that the data does not pin is pinned by
// the lock, or by a look-up with a warning; with LOCKED=1 it must be locked.
func TestArchiveKey(t *testing.T) {
	const url, sum = "https://vendor.invalid/key.asc", "7777777777777777777777777777777777777777777777777777777777777777"
	ar, err := txtar.ParseFile("testdata/key.txtar")
	must(t, err)
	var fingerprint string
	run := func(change func(*resolve.Input)) (string, diag.List) {
		in := input(t, ar)
		change(&in)
		r := resolve.Resolve(in)
		if r.Plan == nil {
			return "", r.Diags
		}
		a, ok := r.Plan.Archive("vendor")
		if !ok {
			t.Fatal("the plan has no archive of the vendor's")
		}
		fingerprint = a.KeyFingerprint
		return a.KeySHA256, r.Diags
	}
	got, diags := run(func(in *resolve.Input) { in.Lock = &lock.File{HTTP: map[string]string{url: sum}} })
	if got != sum || len(diags) > 0 {
		t.Errorf("locked: %q, %v", got, diags.Err())
	}
	// The build holds the key to its fingerprint: another file is no other key.
	for _, locked := range []bool{false, true} {
		got, diags = run(func(in *resolve.Input) {
			in.Facts.HTTP = map[string]string{url: sum}
			in.Overrides.Locked = locked
		})
		if got != sum || len(diags) > 0 {
			t.Errorf("looked up: %q, %v", got, diags)
		}
	}
	if fingerprint != "0000000000000000000000000000000000000000" {
		t.Errorf("the fingerprint is %q", fingerprint)
	}
	// Without one whatever lies at its address is believed.
	ar = withoutFingerprint(ar)
	got, diags = run(func(in *resolve.Input) { in.Facts.HTTP = map[string]string{url: sum} })
	if got != sum || len(diags) != 1 || diags[0].Rule != "unpinned" || diags.HasErrors() {
		t.Errorf("looked up: %q, %v", got, diags)
	}
	got, diags = run(func(in *resolve.Input) { in.Overrides.Locked = true })
	if got != "" || len(diags) != 1 || diags[0].Rule != "not-locked" {
		t.Errorf("not locked: %q, %v", got, diags)
	}
}

// withoutFingerprint is an archive in which no key has one.
func withoutFingerprint(ar *txtar.Archive) *txtar.Archive {
	out := &txtar.Archive{}
	line := regexp.MustCompile(`, fingerprint = "[0-9]*"`)
	for _, f := range ar.Files {
		out.Files = append(out.Files, txtar.File{Name: f.Name, Data: line.ReplaceAll(f.Data, nil)})
	}
	return out
}

// TestAvailabilityOnEveryRelease asks for each release of the data, previews
// too, what can be had on it.
func TestAvailabilityOnEveryRelease(t *testing.T) {
	cat, err := catalog.New(fstest.MapFS{"components/x/thing.toml": {Data: []byte(`
name = "thing"
[[variant]]
axis = "for"
values = ["new", "board", "server"]
[[version]]
version = "1"
when = { variant.for = "new", cuda = ">=13" }
[[version]]
version = "2"
when = { variant.for = "board", flavour = "tegra", soc = "t194" }
[[version]]
version = "3"
when = { variant.for = "server", flavour = "sbsa" }
`)}}, "")
	must(t, err)
	e, diags := cat.Get("thing")
	must(t, diags.Err())
	db, diags := platform.Embedded()
	must(t, diags.Err())
	had := map[string][]string{}
	for _, r := range db.Releases {
		for _, axis := range []string{"new", "board", "server"} {
			why := resolve.Availability(e, map[string]string{"for": axis}, r.JetPack.V, db)
			switch {
			case why == "":
				had[axis] = append(had[axis], r.JetPack.V)
			case !strings.HasPrefix(why, "version "):
				t.Errorf("JetPack %s: %s", r.JetPack.V, why)
			}
		}
	}
	for axis, want := range map[string]string{
		"new":    "7.0 7.1 7.2 7.2.1",
		"server": "7.0 7.1 7.2 7.2.1",
		"board":  "4.6 4.6.1 4.6.2 4.6.3 4.6.4 4.6.5 4.6.6 5.0-dp 5.0.1-dp 5.0.2 5.1 5.1.1 5.1.2 5.1.3 5.1.4 5.1.5 5.1.6 5.1.7",
	} {
		if got := strings.Join(had[axis], " "); got != want {
			t.Errorf("%s: to be had on %s\nwant %s", axis, got, want)
		}
	}
}
