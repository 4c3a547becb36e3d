package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	// Addresses that are reached by running a program.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"

	"github.com/org/jetson-frontend/stacks/diag"
)

// How long a builder has for its first answer: at an address, and through a
// program that may have to ask for a password.
const (
	addressAnswers = 15 * time.Second
	programAnswers = 2 * time.Minute
)

// schemes are what an address can begin with.
var schemes = []string{"unix", "tcp", "ssh", "docker-container", "podman-container", "nerdctl-container", "kube-pod"}

// AddressError is an address that cannot be one.
type AddressError struct{ What string }

func (e AddressError) Error() string { return e.What }

// checkAddress says what is wrong with an address that why gave.
func checkAddress(addr, why string) error {
	scheme, rest, ok := strings.Cut(addr, "://")
	help := "write " + strings.Join(schemes[:len(schemes)-1], "://…, ") + "://… or " + schemes[len(schemes)-1] + "://…"
	switch {
	case ok && rest == "":
		return AddressError{fmt.Sprintf("the address %q of %s names nothing", addr, why)}
	case ok:
		if slices.Contains(schemes, scheme) {
			return nil
		}
		if near := diag.Suggest(scheme, schemes); len(near) > 0 {
			help = fmt.Sprintf("did you mean %q?", near[0]+"://"+rest)
		}
	case filepath.IsAbs(addr):
		help = fmt.Sprintf("did you mean %q?", "unix://"+addr)
	case regexp.MustCompile(`^[^/]+:[0-9]+$`).MatchString(addr):
		help = fmt.Sprintf("did you mean %q?", "tcp://"+addr)
	}
	return AddressError{fmt.Sprintf("%q of %s is no address of a builder\n  %s", addr, why, help)}
}

// TLS is how a builder proves who it is, and its client to it.
type TLS struct {
	// Dir holds ca.pem, cert.pem and key.pem, or ca.crt, tls.crt and tls.key.
	Dir string
	// ServerName is the name in the builder's certificate, where its address
	// is another.
	ServerName string
}

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
			return nil, AddressError{fmt.Sprintf("%s has neither %s nor %s", t.Dir, names[0], names[1])}
		}
	}
	return []client.ClientOpt{client.WithServerConfig(t.ServerName, found[0]), client.WithCredentials(found[1], found[2])}, nil
}

// Unreachable is a builder that does not answer.
type Unreachable struct {
	Builder Builder
	// Why is what the system said, in a few words.
	Why string
	Fix string
}

func (e Unreachable) Error() string {
	return fmt.Sprintf("no builder answers at %s (%s): %s\n  %s", e.Builder.Address, e.Builder.Why, e.Why, e.Fix)
}

// Dial connects to a builder that has an address, and waits for its first
// answer. An error is an Unreachable or an AddressError.
func (b Builder) Dial(ctx context.Context, tls TLS) (*client.Client, error) {
	opts, err := tls.options()
	if err != nil {
		return nil, err
	}
	limit := programAnswers
	if strings.HasPrefix(b.Address, "unix://") || strings.HasPrefix(b.Address, "tcp://") {
		limit = addressAnswers
	}
	wait, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := client.New(ctx, b.Address, opts...)
	if err == nil {
		if _, err = c.ListWorkers(wait); err == nil {
			return c, nil
		}
		c.Close()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if errors.Is(wait.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer in %s", limit)
	}
	return nil, b.unreachable(err)
}

// What a connection's error has in it: the words of a program that was to make
// it, and the wrapping around the system's own.
var (
	programSaid = regexp.MustCompile(`stderr=(.*?)(?:"|$)`)
	wrapping    = regexp.MustCompile(`^.*(?:Error while dialing: |error reading server preface: |handshake failed: |: desc = "|Unavailable: (?:connection error: )?|transport: )`)
)

func (b Builder) unreachable(err error) error {
	text := strings.NewReplacer(`\n`, " ", `\r`, " ", `\"`, `"`).Replace(err.Error())
	text = strings.Join(strings.Fields(text), " ")
	why := strings.TrimSuffix(wrapping.ReplaceAllString(text, ""), `"`)
	fix := "see that buildkitd runs there; --builder private builds on a builder of jetson's own"
	if m := programSaid.FindStringSubmatch(text); m != nil && strings.TrimSpace(m[1]) != "" {
		why = strings.TrimSpace(m[1])
	} else if strings.Contains(text, "client preface") {
		why = "the connection ended at once"
	}
	for _, e := range []syscall.Errno{syscall.ENOENT, syscall.ECONNREFUSED, syscall.EACCES, syscall.EHOSTUNREACH} {
		if strings.HasSuffix(why, e.Error()) {
			why = e.Error()
		}
	}
	switch {
	case why == syscall.EACCES.Error():
		fix = "its socket is not for this user: run as root or as a member of the socket's group, or use --builder private"
	case !strings.HasPrefix(b.Address, "tcp://"):
	case strings.Contains(text, "x509:") || strings.Contains(text, "tls:"):
		fix = "--tlsdir FOLDER names the certificates that the two know each other by, --tlsservername the name in the builder's"
	case slices.ContainsFunc([]string{"server preface", "EOF", "broken pipe", "reset by peer"}, func(s string) bool { return strings.Contains(text, s) }):
		fix = "what listens there does not speak BuildKit's protocol, or wants TLS: --tlsdir FOLDER"
	}
	return Unreachable{Builder: b, Why: why, Fix: fix}
}
