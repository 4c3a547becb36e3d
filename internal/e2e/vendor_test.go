package e2e

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// TestDebianVersions: of an archive that has several versions of a package side
// by side, as NVIDIA's for CUDA has, apt takes the one that a component holds it
// to, for the package and what comes with it, and the newest where nothing is
// said. A version that the archive does not have leaves the newest, which the
// component's own test then refuses.
func TestDebianVersions(t *testing.T) {
	url, key := standInArchive(t, []deb{
		{name: "vendor-lib", version: "1.5.2-1+cuda12.6"}, {name: "vendor-lib", version: "1.5.3-1+cuda13.0"}, {name: "vendor-lib", version: "2.0.0-1+cuda13.0"},
		{name: "vendor-bin", version: "1.5.2-1+cuda12.6", depends: "vendor-lib"}, {name: "vendor-bin", version: "2.0.0-1+cuda13.0", depends: "vendor-lib"},
	})
	for _, tt := range []struct{ versions, want string }{
		{`{ "vendor-*" = "1.5.*+cuda12*" }`, "vendor-bin 1.5.2-1+cuda12.6, vendor-lib 1.5.2-1+cuda12.6"},
		{`{ "vendor-lib" = "1.5.*+cuda13*" }`, "vendor-bin 2.0.0-1+cuda13.0, vendor-lib 1.5.3-1+cuda13.0"},
		{`{}`, "vendor-bin 2.0.0-1+cuda13.0, vendor-lib 2.0.0-1+cuda13.0"},
		{`{ "vendor-*" = "1.7.*" }`, "vendor-bin 2.0.0-1+cuda13.0, vendor-lib 2.0.0-1+cuda13.0"},
	} {
		t.Run(tt.versions, func(t *testing.T) {
			dir := folder(t, map[string]string{
				"stack.toml": "platform = \"debian-12\"\n[[component]]\nname = \"mine\"\n[[component.needs]]\n" +
					"apt.archive = \"vendor\"\napt.run = [\"vendor-bin\"]\napt.versions = " + tt.versions + "\n",
				"catalog/platform/vendor.toml": fmt.Sprintf("[[archive]]\nname = \"vendor\"\norder = 100\nsource = \"a stand-in of this test\"\nurl = { any = %q }\nsuites = [\"/\"]\nkey = { http = %q, sha256 = %q }\n", url, url+"/key.asc", key),
			})
			r := debian(t, dir, "linux/amd64")
			r.Contexts["catalog"] = filepath.Join(dir, "catalog")
			o, err := suite.Daemon.Build(deadline(t, 5*minute), r)
			if err != nil {
				t.Fatalf("%v\n%s", err, tail(o.Logs))
			}
			files, err := o.Files()
			must(t, err)
			if got := installed(files["/var/lib/dpkg/status"], "vendor-"); got != tt.want {
				t.Errorf("the image has %s, not %s", got, tt.want)
			}
		})
	}
}

// installed lists the packages of a dpkg database whose names begin with prefix,
// with their versions.
func installed(status, prefix string) string {
	var out []string
	for para := range strings.SplitSeq(status, "\n\n") {
		name, version := "", ""
		for line := range strings.Lines(para) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "Package":
				name = value
			case "Version":
				version = value
			}
		}
		if strings.HasPrefix(name, prefix) {
			out = append(out, name+" "+version)
		}
	}
	return strings.Join(out, ", ")
}

// TestDebianFingerprint: a key that is given by its address is held to its
// fingerprint, so that nothing is left to warn of. Another key under that
// address stops the build, and so does a file that holds more than the one.
func TestDebianFingerprint(t *testing.T) {
	url, _ := standInArchive(t, []deb{{name: "vendor-lib", version: "1"}})
	other, _ := standInArchive(t, nil)
	mine, another := keyAt(t, url), keyAt(t, other)
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(mine + another)) }))
	t.Cleanup(both.Close)
	for name, tt := range map[string]struct{ key, fingerprint, fails string }{
		"its own": {url + "/key.asc", fingerprint(t, mine), ""},
		"another": {url + "/key.asc", fingerprint(t, another), "the key of vendor has the fingerprint " + fingerprint(t, mine)},
		"two":     {both.URL + "/key.asc", fingerprint(t, mine), "the key of vendor is not one OpenPGP key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{
				"stack.toml":                   "platform = \"debian-12\"\n[apt]\narchive = \"vendor\"\npackages = [\"vendor-lib\"]\n",
				"catalog/platform/vendor.toml": fmt.Sprintf("[[archive]]\nname = \"vendor\"\norder = 100\nsource = \"a stand-in of this test\"\nurl = { any = %q }\nsuites = [\"/\"]\nkey = { http = %q, fingerprint = %q }\n", url, tt.key, tt.fingerprint),
			})
			r := debian(t, dir, "linux/amd64")
			r.Contexts["catalog"] = filepath.Join(dir, "catalog")
			o, err := suite.Daemon.Build(deadline(t, 5*minute), r)
			switch {
			case tt.fails != "":
				wantFailure(t, o, err, "", tt.fails)
			case err != nil:
				t.Errorf("%v\n%s", err, tail(o.Logs))
			case strings.Contains(strings.Join(o.Warnings, "\n"), "the key of vendor"):
				t.Error("there is a warning of a key that cannot change")
			}
		})
	}
}

func keyAt(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url + "/key.asc")
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(data)
}

func fingerprint(t *testing.T, key string) string {
	t.Helper()
	ring, err := openpgp.ReadArmoredKeyRing(strings.NewReader(key))
	must(t, err)
	return strings.ToUpper(hex.EncodeToString(ring[0].PrimaryKey.Fingerprint))
}
