package engine

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
)

// How says how a builder is reached.
type How string

// The ways to a builder.
const (
	ByBuildKit How = "buildkit" // BuildKit's own protocol, at an address
	ByBuildx   How = "buildx"   // by running buildx build
	ByPrivate  How = "private"  // the private daemon
)

// Private is the name under which --builder asks for the private daemon.
const Private = "private"

// Builder is where a build runs.
type Builder struct {
	How How
	// Address is that of a buildkitd; Name that of buildx's builder, "" for the
	// one of Docker.
	Address, Name string
	// Buildx is the buildx program.
	Buildx string
	// Why says in a few words how it came to be chosen.
	Why string
	// Notices are what the user should know about what was passed over.
	Notices []string
}

// Look is what choosing a builder looks at.
type Look struct {
	// Flag is --builder: a name of buildx's, an address, or Private.
	Flag string
	// Addr is an address that was given by itself.
	Addr   string
	Getenv func(string) string
	// System are the sockets of a system's buildkitd, the first is tried first.
	System []string
	// Docker is the socket that Docker has if nothing else is said.
	Docker string
}

// SystemSockets are where a buildkitd listens by default: the system's, and
// that of a user's own.
func SystemSockets(getenv func(string) string) []string {
	out := []string{"/run/buildkit/buildkitd.sock"}
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		out = append(out, filepath.Join(dir, "buildkit", "buildkitd.sock"))
	}
	return out
}

// DockerSocket is where Docker listens by default.
const DockerSocket = "/var/run/docker.sock"

// Choose finds the builder: the one that is named, the current one of buildx or
// Docker's, a system's buildkitd, and else the private daemon. It starts
// nothing. Only what is named may be wrong; what is found and does not answer
// is passed over.
func Choose(ctx context.Context, l Look) (Builder, error) {
	switch {
	case l.Addr != "":
		return at(l.Addr, "--addr")
	case l.Flag == Private:
		return Builder{How: ByPrivate, Why: "--builder"}, nil
	case strings.Contains(l.Flag, "://"), filepath.IsAbs(l.Flag):
		return at(l.Flag, "--builder")
	case l.Flag != "":
		return l.named(l.Flag, "--builder")
	}
	if host := l.Getenv("BUILDKIT_HOST"); host != "" {
		return at(host, "BUILDKIT_HOST")
	}
	if name := l.Getenv("BUILDX_BUILDER"); name != "" {
		return l.named(name, "BUILDX_BUILDER")
	}
	var notices []string
	b, ok, notice := l.current(ctx)
	if ok {
		return b, nil
	}
	if notice != "" {
		notices = append(notices, notice)
	}
	for _, sock := range l.System {
		if answers(ctx, sock) {
			return Builder{How: ByBuildKit, Address: "unix://" + sock, Why: "the system's buildkitd", Notices: notices}, nil
		}
	}
	return Builder{How: ByPrivate, Why: "no other builder is here", Notices: notices}, nil
}

// at is the builder at an address, which why gave.
func at(addr, why string) (Builder, error) {
	if err := checkAddress(addr, why); err != nil {
		return Builder{}, err
	}
	return Builder{How: ByBuildKit, Address: addr, Why: why}, nil
}

// answers reports whether a buildkitd listens on a socket and lets us in.
func answers(ctx context.Context, sock string) bool {
	if st, err := os.Stat(sock); err != nil || st.Mode()&os.ModeSocket == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", sock)
	if err != nil {
		return false
	}
	conn.Close()
	c, err := client.New(ctx, "unix://"+sock)
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.ListWorkers(ctx)
	return err == nil
}
