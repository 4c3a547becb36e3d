package op

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"os"
	"strings"
	"testing"
)

// fetchPlace stands in for apt and dpkg: an archive of two packages, each one
// file with the checksum that sum gives; late is an apt that does not name it
// when it is to install.
func fetchPlace(t *testing.T, late bool, sum func(string) string) place {
	t.Helper()
	p := newPlace(t)
	for _, d := range []string{"archives", "bin", "archive"} {
		if err := os.Mkdir(p.at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.write("root/var/lib/dpkg/status", "\n")
	p.write("apt/jetson.sources", "")
	var uris string
	for _, name := range []string{"thing", "tool"} {
		text := "the package " + name + " 2.0"
		early := sum(text)
		if late {
			early = ""
		}
		p.write("archive/"+name+"_2.0_arm64.deb", text)
		uris += fmt.Sprintf("*\" install \"*--print-uris*%[1]s*) echo \"'http://x/%[1]s_2.0_arm64.deb' %[1]s_2.0_arm64.deb %[2]d %[4]s\" ;;\n"+
			"*\" download \"*--print-uris*%[1]s*) echo \"'http://x/%[1]s_2.0_arm64.deb' %[1]s_2.0_arm64.deb %[2]d %[3]s\" ;;\n", name, len(text), sum(text), early)
	}
	// The archive has version 2.0 alone. What the cache has is taken as it is.
	p.write("bin/apt-get", p.moved(`#!/bin/sh
printf '%s\n' "$*" >>/run/jetson/asked
for last; do :; done
name=${last%%:*}
name=${name%%=*}_2.0_arm64.deb
case "$*" in
*=1.0*) echo 'E: Version 1.0 was not found' >&2; exit 100 ;;
`+uris+`*--download-only*) [ -e "/run/jetson/archives/$name" ] || cp "/run/jetson/archive/$name" /run/jetson/archives/ ;;
*" download "*) if [ -e "/run/jetson/archives/$name" ]; then cp "/run/jetson/archives/$name" .; else cp "/run/jetson/archive/$name" .; fi ;;
esac
`))
	p.write("bin/dpkg-deb", `#!/bin/sh
for last; do :; done
last=${last##*/}
case $1 in
-f) printf 'Package: %s\nVersion: 2.0\nArchitecture: arm64\nDescription: a package\n Version: 3.0\n' "${last%%_*}" ;;
esac
`)
	for _, name := range []string{"apt-get", "dpkg-deb"} {
		if err := os.Chmod(p.at("bin/"+name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p place) fetch(args ...string) (string, error) {
	return p.run("apt-fetch.sh", []string{"PATH=" + p.at("bin") + ":" + os.Getenv("PATH"), "ARCH=arm64"}, args...)
}

func bySHA256(s string) string { return fmt.Sprintf("SHA256:%x", sha256.Sum256([]byte(s))) }

// TestFetchIsVerified: what lies in the shared cache under the right name and
// size is held to the archive's checksum, whichever that is, and fetched anew if
// it is another thing.
func TestFetchIsVerified(t *testing.T) {
	const planted = "evil package thing 2"
	for _, tt := range []struct {
		name  string
		late  bool
		sum   func(string) string
		error string
	}{
		{"late", true, bySHA256, ""},
		{"sha256", false, bySHA256, ""},
		{"sha512", false, func(s string) string { return fmt.Sprintf("SHA512:%x", sha512.Sum512([]byte(s))) }, ""},
		{"md5", false, func(s string) string { return fmt.Sprintf("MD5Sum:%x", md5.Sum([]byte(s))) }, ""},
		{"none", false, func(string) string { return "" }, "the archive gives no checksum for"},
		{"another", false, func(string) string { return bySHA256("another") }, "is not what its archive says"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := fetchPlace(t, tt.late, tt.sum)
			p.write("archives/thing_2.0_arm64.deb", planted)
			p.write("archives/tool_2.0_arm64.deb", planted)
			p.write("apt/unpack", "tool\n")
			out, err := p.fetch("thing")
			if tt.error != "" {
				if err == nil || !strings.Contains(out, tt.error) {
					t.Errorf("%v\n%s", err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for file, want := range map[string]string{"debs/thing_2.0_arm64.deb": "the package thing 2.0", "debs/unpack/tool_2.0_arm64.deb": "the package tool 2.0"} {
				if got := p.read(file); got != want {
					t.Errorf("%s is %q", file, got)
				}
			}
		})
	}
}

// TestFetchIsLocked: what is only unpacked is in the lock, and held to it.
func TestFetchIsLocked(t *testing.T) {
	p := fetchPlace(t, false, bySHA256)
	p.write("apt/unpack", "tool\n")
	if out, err := p.fetch("thing"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const exact = "thing:arm64=2.0\nunpack tool:arm64=2.0\n"
	if got := p.read("debs/exact"); got != exact {
		t.Errorf("exact is %q", got)
	}
	for _, tt := range []struct{ exact, error, asked string }{
		{exact, "", "download tool:arm64=2.0\n"},
		{"thing:arm64=2.0\nunpack tool:arm64=1.0\n", "what the lock holds cannot be had", ""},
		{"thing:arm64=2.0\n", "the lock does not say which tool it is", ""},
	} {
		p := fetchPlace(t, false, bySHA256)
		p.write("apt/unpack", "tool\n")
		p.write("apt/exact", tt.exact)
		out, err := p.fetch("thing")
		if (err == nil) != (tt.error == "") || !strings.Contains(out, tt.error) {
			t.Errorf("with %q: %v\n%s", tt.exact, err, out)
		}
		asked := p.read("asked")
		if !strings.Contains(asked, tt.asked) || strings.Contains(asked, "install --download-only thing\n") || strings.Contains(asked, "unpack ") {
			t.Errorf("with %q apt was asked for:\n%s", tt.exact, asked)
		}
	}
}

// TestFetchWithoutCertificates: the plain base's archive may be mirrored on
// https, whose certificates are in that archive. Where there are any they hold.
func TestFetchWithoutCertificates(t *testing.T) {
	for _, tt := range []struct {
		uri, certificates, verify string
	}{
		{"https://mirror.example/ubuntu", "", "false"},
		{"https://mirror.example/ubuntu", "one\n", "true"},
		{"http://archive.example/https:", "", "true"},
	} {
		p := fetchPlace(t, false, bySHA256)
		p.write("op/apt-fetch.sh", strings.ReplaceAll(p.read("op/apt-fetch.sh"), "/etc/ssl/", p.at("ssl")+"/"))
		p.write("apt/jetson.sources", "Types: deb\nURIs: "+tt.uri+"\n")
		p.write("ssl/certs/ca-certificates.crt", tt.certificates)
		out, err := p.fetch("thing")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := "Acquire::https::Verify-Peer=" + tt.verify + " -o Acquire::https::Verify-Host=" + tt.verify + " "
		if asked := p.read("asked"); strings.Count(asked, want) != strings.Count(asked, "\n") {
			t.Errorf("%s with %q: apt was asked for\n%s", tt.uri, tt.certificates, asked)
		}
		if strings.Contains(out, "no certificates") != (tt.verify == "false") {
			t.Errorf("%s: %s", tt.uri, out)
		}
	}
}

// TestListsMayBeOld: what the cache's lists call the archive is not what decides
// whether it can be read.
func TestListsMayBeOld(t *testing.T) {
	p := fetchPlace(t, false, bySHA256)
	if out, err := p.fetch("thing"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if asked := p.read("asked"); !strings.Contains(asked, "-o Acquire::AllowReleaseInfoChange=true") {
		t.Errorf("apt was asked for\n%s", asked)
	}
}
