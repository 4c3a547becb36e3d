package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// authority signs certificates of one test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &authority{t, cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// pair is a certificate for a server of this name, or for a client.
func (a *authority) pair(name string, use x509.ExtKeyUsage) (cert, key []byte) {
	a.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, k.Public(), a.key)
	must(a.t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	must(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// folder is what --tlsdir takes: a client's certificate, and the authority that it believes.
func (a *authority) folder(trusted *authority) string {
	a.t.Helper()
	dir := a.t.TempDir()
	cert, key := a.pair("client", x509.ExtKeyUsageClientAuth)
	for name, data := range map[string][]byte{"ca.pem": trusted.pem, "cert.pem": cert, "key.pem": key} {
		must(a.t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return dir
}

// tlsDaemon is the suite's daemon behind a port that speaks TLS and lets in
// whom the authority knows.
func tlsDaemon(t *testing.T, a *authority, name string) string {
	t.Helper()
	cert, key := a.pair(name, x509.ExtKeyUsageServerAuth)
	pair, err := tls.X509KeyPair(cert, key)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, NextProtos: []string{"h2"},
	})
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go forward(c, strings.TrimPrefix(suite.Daemon.Addr, "unix://"))
		}
	}()
	return "tcp://" + l.Addr().String()
}

// forward joins a connection to a socket until one side ends.
func forward(c io.ReadWriteCloser, sock string) {
	defer c.Close()
	d, err := net.Dial("unix", sock)
	if err != nil {
		return
	}
	defer d.Close()
	go func() {
		_, _ = io.Copy(d, c) // ends with the connection
		d.Close()
	}()
	_, _ = io.Copy(c, d)
}

// TestTLS builds on a builder that wants certificates, and reads what is said
// of those that do not fit.
func TestTLS(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	ours, other := newAuthority(t), newAuthority(t)
	addr := tlsDaemon(t, ours, "farm.example")
	certs := ours.folder(ours)
	named := []string{"--addr", addr, "--tlsservername", "farm.example", "--tlsdir"}
	c.build(r, append(named, certs)...)
	for name, tc := range map[string]struct {
		args  []string
		texts []string
	}{
		"no certificates":   {[]string{"--addr", addr}, []string{"what listens there does not speak BuildKit's protocol, or wants TLS: --tlsdir FOLDER"}},
		"another authority": {append(named, ours.folder(other)), []string{"certificate signed by unknown authority", "another authority than the one in"}},
		"an unknown client": {append(named, other.folder(ours)), []string{"the builder does not take the certificate of --tlsdir"}},
		"no name":           {[]string{"--addr", addr, "--tlsdir", certs}, []string{"IP SANs", "--tlsservername says which name"}},
		"another name": {[]string{"--addr", addr, "--tlsdir", certs, "--tlsservername", "barn.example"},
			[]string{"certificate is valid for farm.example, not barn.example", "--tlsservername says which name"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTool(t)
			got := c.try(r, tc.args...)
			c.refused(got, append(tc.texts, "no builder answers at "+addr+" (--addr): ")...)
			if n := strings.Count(strings.TrimSpace(got.err), "\n"); n != 1 {
				t.Errorf("this is not one sentence and what mends it:\n%s", got.err)
			}
		})
	}
}

// TestAddressesByProgram builds on a builder that the real ssh client reaches,
// and on one that a stand-in for docker does: either way buildctl dial-stdio is
// run where the builder is, which here joins its socket.
func TestAddressesByProgram(t *testing.T) {
	c := newTool(t)
	r := fast(t, `stack = "texts"`, nil)
	sock := strings.TrimPrefix(suite.Daemon.Addr, "unix://")
	server := startSSH(t, func(command string, ch ssh.Channel) error {
		if command != "buildctl dial-stdio" {
			return fmt.Errorf("%s: command not found", command)
		}
		forward(ch, sock)
		return nil
	})
	hosts := folder(t, map[string]string{"known": "[127.0.0.1]:" + strings.Split(server.addr, ":")[1] + " " + server.hostKey + "\n"})
	real, err := exec.LookPath("ssh")
	must(t, err)
	// As a user's own ~/.ssh/config would have it.
	c.program("ssh", fmt.Sprintf("exec %s -F /dev/null -o BatchMode=yes -o UserKnownHostsFile=%s/known -i %s \"$@\"", real, hosts, server.keyFile))
	c.build(r, "--addr", "ssh://me@"+server.addr)
	c.refused(c.try(r, "--addr", "ssh://me@"+server.addr+"/run/other.sock"), "buildctl --addr unix:///run/other.sock dial-stdio: command not found", "buildctl is beside it")

	self, err := os.Executable()
	must(t, err)
	c.program("docker", fmt.Sprintf("[ \"$*\" = \"exec -i farm buildctl dial-stdio\" ] || { echo \"Error: No such container: $3\" >&2; exit 1; }\n%s=%s exec %s", asPipe, sock, self))
	c.build(r, "--builder", "docker-container://farm")
	c.refused(c.try(r, "--builder", "docker-container://barn"), "no builder answers at docker-container://barn (--builder): Error: No such container: barn")
}
