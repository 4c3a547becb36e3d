package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
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

// tcp begins the addresses at which a builder may want TLS.
const tcp = "tcp://"

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
	limit := addressAnswers
	helper, err := connhelper.GetConnectionHelper(b.Address)
	if err != nil {
		return nil, b.unreachable(err, tls)
	}
	if helper != nil {
		limit = programAnswers
		opts = append(opts, client.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			c, err := helper.ContextDialer(ctx, addr)
			if err != nil {
				return nil, err
			}
			return &program{Conn: c}, nil
		}))
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
	return nil, b.unreachable(err, tls)
}

// program is a connection that a program makes. Writing to one that has ended
// says that the pipe is broken; what the program said comes with reading.
type program struct {
	net.Conn
	mu   sync.Mutex
	said error
}

func (p *program) Read(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.Conn.Read(data)
	if p.said == nil {
		p.said = err
	}
	return n, err
}

func (p *program) Write(data []byte) (int, error) {
	n, err := p.Conn.Write(data)
	if !errors.Is(err, syscall.EPIPE) {
		return n, err
	}
	// Whoever is reading has the words, or nobody is and they are still there.
	if _, rerr := p.Read(make([]byte, 1)); rerr == nil {
		return n, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return n, p.said
}

// What a connection's error has in it: the words of a program that was to make
// it, the wrapping around the system's own, and guesses behind them.
var (
	programSaid = regexp.MustCompile(`stderr=(.*?)(?:"|$)`)
	wrapping    = regexp.MustCompile(`^.*(?:Error while dialing: |error reading server preface: |handshake failed: |: desc = "|failed to list workers: (?:[A-Z][A-Za-z]+: )?|Unavailable: (?:connection error: )?|transport: |tls: failed to verify certificate: x509: )`)
	guessing    = regexp.MustCompile(` \(possibly because of .*$`)
)

// unreachable says in one sentence why a builder does not answer, and what
// mends it.
func (b Builder) unreachable(err error, tls TLS) error {
	text := strings.NewReplacer(`\n`, " ", `\r`, " ", `\"`, `"`).Replace(err.Error())
	text = strings.Join(strings.Fields(text), " ")
	why := strings.TrimSuffix(wrapping.ReplaceAllString(text, ""), `"`)
	why = guessing.ReplaceAllString(why, "")
	if m := programSaid.FindStringSubmatch(text); m != nil && strings.TrimSpace(m[1]) != "" {
		why = strings.TrimSpace(m[1])
	}
	for _, e := range []syscall.Errno{syscall.ENOENT, syscall.ECONNREFUSED, syscall.EACCES, syscall.EHOSTUNREACH, syscall.EPIPE, syscall.ECONNRESET} {
		if strings.HasSuffix(why, e.Error()) {
			why = e.Error()
		}
	}
	u := Unreachable{Builder: b, Why: why, Fix: "see that buildkitd runs there; --builder private builds on a builder of jetson's own"}
	// What ends a connection at once says nothing about why.
	hungUp := why == syscall.EPIPE.Error() || why == syscall.ECONNRESET.Error() || strings.HasSuffix(why, "EOF")
	switch {
	case why == syscall.EACCES.Error():
		u.Fix = "its socket is not for this user: run as root or as a member of the socket's group, or use --builder private"
	case !strings.HasPrefix(b.Address, tcp) && !strings.HasPrefix(b.Address, "unix://"):
		u.Fix = "see that buildkitd runs there, and that buildctl is beside it; --builder private builds on a builder of jetson's own"
	case !strings.HasPrefix(b.Address, tcp):
	case strings.Contains(text, "x509:") || strings.Contains(text, "tls:"):
		u.Fix = tls.fix(text)
	case hungUp && tls.Dir != "":
		u.Why, u.Fix = "it hangs up on this client", tls.fix("remote error")
	case hungUp, strings.Contains(text, "server preface"):
		if hungUp {
			u.Why = "it hangs up on this client"
		}
		u.Fix = "what listens there does not speak BuildKit's protocol, or wants TLS: --tlsdir FOLDER"
	}
	return u
}
