package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
)

// TLS is how a builder proves who it is, and its client to it.
type TLS struct {
	// Dir holds ca.pem, cert.pem and key.pem, or ca.crt, tls.crt and tls.key.
	Dir string
	// ServerName is the name in the builder's certificate, where its address
	// is another.
	ServerName string
}

// CheckTLS refuses certificates for a builder that would not look at them.
func (b Builder) CheckTLS(t TLS) error {
	if t == (TLS{}) || b.How == ByBuildKit && strings.HasPrefix(b.Address, tcp) {
		return nil
	}
	where := map[How]string{
		ByBuildKit: "the builder is at " + b.Address, ByPrivate: "the builder is the private one", ByBuildx: "the builder is one of buildx's, which keeps certificates itself",
	}[b.How]
	return AddressError{fmt.Sprintf("--tlsdir and --tlsservername are for a builder at %s…, and %s (%s)", tcp, where, b.Why)}
}

// options are the certificates as BuildKit's client takes them. They are read
// here first: a file that is none is the user's to mend, not the connection's.
func (t TLS) options() ([]client.ClientOpt, error) {
	if t.Dir == "" {
		if t.ServerName != "" {
			return []client.ClientOpt{client.WithServerConfigSystem(t.ServerName)}, nil
		}
		return nil, nil
	}
	var found [3]string
	for i, names := range [][]string{{"ca.pem", "ca.crt"}, {"cert.pem", "tls.crt"}, {"key.pem", "tls.key"}} {
		for _, n := range names {
			p := filepath.Join(t.Dir, n)
			if _, err := os.Stat(p); err == nil && found[i] == "" {
				found[i] = p
			}
		}
		if found[i] == "" {
			return nil, AddressError{fmt.Sprintf("%s of --tlsdir has neither %s nor %s", t.Dir, names[0], names[1])}
		}
	}
	ca, cert, key := found[0], found[1], found[2]
	data, err := os.ReadFile(ca)
	if err != nil {
		return nil, AddressError{fmt.Sprintf("%s cannot be read: %v", ca, err)}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		return nil, AddressError{fmt.Sprintf("%s holds no certificate in PEM form", ca)}
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return nil, AddressError{fmt.Sprintf("%s and %s are no certificate and its key: %s", cert, key, strings.TrimPrefix(err.Error(), "tls: "))}
	}
	return []client.ClientOpt{client.WithServerConfig(t.ServerName, ca), client.WithCredentials(cert, key)}, nil
}

// fix is what mends a failed handshake, by the words of the failure.
func (t TLS) fix(text string) string {
	switch {
	case strings.Contains(text, "remote error"):
		return "the builder does not take the certificate of --tlsdir: it knows another authority"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "the builder speaks no TLS: leave --tlsdir and --tlsservername out"
	case strings.Contains(text, "certificate is valid for"), strings.Contains(text, "IP SANs"), strings.Contains(text, "not valid for any names"):
		return "--tlsservername says which name the builder's certificate has"
	case strings.Contains(text, "certificate has expired"):
		return "the builder needs a new certificate"
	case t.Dir == "":
		return "--tlsdir FOLDER names the certificates that the two know each other by"
	case strings.Contains(text, "unknown authority"):
		return "the builder's certificate is by another authority than the one in " + t.Dir
	}
	return "--tlsdir FOLDER names the certificates that the two know each other by, --tlsservername the name in the builder's"
}
