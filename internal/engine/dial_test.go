package engine

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"unix:///run/x.sock":      "",
		"tcp://farm:1234":         "",
		"ssh://me@farm":           "",
		"docker-container://farm": "",
		"kube-pod://farm":         "",
		"foo":                     "no address of a builder\n  write unix://…, tcp://…",
		"/run/x.sock":             `did you mean "unix:///run/x.sock"?`,
		"farm:1234":               `did you mean "tcp://farm:1234"?`,
		"docker-contaner://farm":  `did you mean "docker-container://farm"?`,
		"gopher://farm":           "no address of a builder\n  write unix://…",
		"tcp://":                  "names nothing",
	} {
		err := checkAddress(addr, "--addr")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
		if err != nil && !errors.As(err, &AddressError{}) {
			t.Errorf("%s: a %T", addr, err)
		}
	}
}

// TestUnreachable dials where nobody answers, in the ways there are, and reads
// what a user would.
func TestUnreachable(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("220 another protocol\r\n\r\n\r\n"))
			c.Close()
		}
	}()
	t.Setenv("PATH", dir)
	program := "#!/bin/sh\n/bin/sleep 0.2\nprintf 'Error: No such container: farm\\n' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string][2]string{
		"unix://" + dir + "/none":    {"): no such file or directory\n", "--builder private"},
		"tcp://127.0.0.1:1":          {"): connection refused\n", "--builder private"},
		"tcp://" + l.Addr().String(): {"", "does not speak BuildKit's protocol"},
		"docker-container://farm":    {"): Error: No such container: farm\n", "--builder private"},
		"podman-container://farm":    {"podman", "executable file not found"},
	} {
		_, err := Builder{Address: addr, Why: "--addr"}.Dial(t.Context(), TLS{})
		if err == nil {
			t.Errorf("%s answers", addr)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", addr, err, w)
			}
		}
		for _, chain := range []string{"rpc", "desc =", "transport:", "Unavailable", "failed to"} {
			if strings.Contains(err.Error(), chain) {
				t.Errorf("%s: the message is a chain: %s", addr, err)
			}
		}
	}
}

func TestTLSFolder(t *testing.T) {
	dir := t.TempDir()
	touch := func(names ...string) {
		for _, n := range names {
			if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	touch("ca.pem", "cert.pem")
	if _, err := (TLS{Dir: dir}).options(); err == nil || !strings.Contains(err.Error(), "neither key.pem nor tls.key") {
		t.Errorf("without a key: %v", err)
	}
	touch("tls.key")
	if _, err := (TLS{Dir: dir}).options(); err == nil || !strings.Contains(err.Error(), "ca.pem holds no certificate") {
		t.Errorf("with an empty authority: %v", err)
	}
}

// TestCheckTLS: certificates that nobody would look at are refused.
func TestCheckTLS(t *testing.T) {
	certs := TLS{Dir: "certs"}
	for want, b := range map[string]Builder{
		"":                                   {How: ByBuildKit, Address: "tcp://farm:1234"},
		"the builder is at unix:///x":        {How: ByBuildKit, Address: "unix:///x", Why: "BUILDKIT_HOST"},
		"the builder is the private one":     {How: ByPrivate},
		"which keeps certificates itself (D": {How: ByBuildx, Why: "Docker"},
	} {
		err := b.CheckTLS(certs)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", b, err, want)
		}
		if err := b.CheckTLS(TLS{}); err != nil {
			t.Errorf("without certificates: %v", err)
		}
	}
}
