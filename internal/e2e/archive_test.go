package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// deb is a package of a stand-in archive.
type deb struct {
	name, version, depends string
	files                  map[string]string // path → content; "→ x" is a link to x
}

// standInArchive serves packages as a flat, signed archive. It returns its
// address and the sha256 of its key, which lies at key.asc under it.
func standInArchive(t *testing.T, debs []deb) (url, keySHA256 string) {
	t.Helper()
	dir := t.TempDir()
	var index bytes.Buffer
	for _, d := range debs {
		file, control := buildDeb(t, dir, d)
		data, err := os.ReadFile(filepath.Join(dir, file))
		must(t, err)
		fmt.Fprintf(&index, "%sFilename: ./%s\nSize: %d\nSHA256: %s\n\n", control, file, len(data), sum(data))
	}
	must(t, os.WriteFile(filepath.Join(dir, "Packages"), index.Bytes(), 0o644))
	release := fmt.Sprintf("Origin: stand-in\nDate: %s\nSHA256:\n %s %d Packages\n", time.Now().UTC().Format(time.RFC1123), sum(index.Bytes()), index.Len())
	key := signRelease(t, filepath.Join(dir, "InRelease"), release)
	must(t, os.WriteFile(filepath.Join(dir, "key.asc"), key, 0o644))
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	return s.URL, sum(key)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// buildDeb makes a package file with Debian's own tool.
func buildDeb(t *testing.T, dir string, d deb) (file, control string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), d.name)
	control = fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: stand-in <stand-in@example.org>\n", d.name, d.version)
	if d.depends != "" {
		control += "Depends: " + d.depends + "\n"
	}
	control += "Description: a stand-in\n"
	write(t, filepath.Join(root, "DEBIAN/control"), control)
	for p, content := range d.files {
		at := filepath.Join(root, p)
		if target, ok := strings.CutPrefix(content, "→ "); ok {
			must(t, os.MkdirAll(path.Dir(at), 0o755))
			must(t, os.Symlink(target, at))
			continue
		}
		write(t, at, content)
	}
	file = d.name + "_" + d.version + ".deb"
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "-Znone", "--build", root, filepath.Join(dir, file)).CombinedOutput()
	if err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	return file, control
}

// signRelease signs an archive's index of indexes with a key of its own, and
// returns the public half.
func signRelease(t *testing.T, file, release string) []byte {
	t.Helper()
	who, err := openpgp.NewEntity("stand-in", "", "stand-in@example.org", nil)
	must(t, err)
	var signed, public bytes.Buffer
	w, err := clearsign.Encode(&signed, who.PrivateKey, nil)
	must(t, err)
	_, err = w.Write([]byte(release))
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(file, signed.Bytes(), 0o644))
	a, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	must(t, err)
	must(t, who.Serialize(a))
	must(t, a.Close())
	return public.Bytes()
}
