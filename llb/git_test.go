package llb

import (
	"net"
	"testing"
	"time"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	digest "github.com/opencontainers/go-digest"

	"github.com/org/jetson-frontend/stacks/plan"
)

// newest is a daemon that can leave submodules out.
var newest = Caps{GitSkipSubmodules: true}

// gitOp is the operation that fetches a source.
func gitOp(t *testing.T, s plan.Source) *pb.SourceOp {
	t.Helper()
	op, _ := gitVertex(t, s, newest)
	return op
}

// gitVertex is that operation with the capabilities that it asks a daemon for.
func gitVertex(t *testing.T, s plan.Source, caps Caps) (*pb.SourceOp, map[apicaps.CapID]bool) {
	t.Helper()
	def, err := Git(s, nil, caps).Marshal(t.Context(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		if src := op.GetSource(); src != nil {
			return src, def.Metadata[digest.FromBytes(dt)].Caps
		}
	}
	t.Fatal("there is no source")
	return nil, nil
}

// TestGitAsksForWhatThereIs: a daemon refuses a vertex that asks for a
// capability that it lacks, and one that uses what it does not ask for is
// misread by an old one.
func TestGitAsksForWhatThereIs(t *testing.T) {
	const commit = "1111111111111111111111111111111111111111"
	for _, tt := range []struct {
		name   string
		source plan.Source
		caps   Caps
		skips  bool
	}{
		{"newest", plan.Source{Git: "https://host.invalid/y.git", Commit: commit}, newest, true},
		{"old", plan.Source{Git: "https://host.invalid/y.git", Commit: commit}, Caps{}, false},
		{"with submodules", plan.Source{Git: "https://host.invalid/y.git", Commit: commit, Submodules: true}, newest, false},
		{"newest, any host", plan.Source{Git: "ssh://git@host.invalid/y.git", Commit: commit}, newest, true},
		{"old, any host", plan.Source{Git: "ssh://git@host.invalid/y.git", Commit: commit}, Caps{}, false},
		{"old, known host", plan.Source{Git: "ssh://git@host.invalid/y.git", Commit: commit, HostKey: "ssh-ed25519 AAAA"}, Caps{}, false},
	} {
		op, asks := gitVertex(t, tt.source, tt.caps)
		if _, skips := op.Attrs[pb.AttrGitSkipSubmodules]; skips != tt.skips {
			t.Errorf("%s: leaves submodules out: %v", tt.name, skips)
		}
		if asks[pb.CapSourceGitSkipSubmodules] != tt.skips {
			t.Errorf("%s: asks for %v", tt.name, asks)
		}
	}
}

// TestGitOverSSH: no graph asks a host for its key. It is the stack's, or none.
func TestGitOverSSH(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan struct{}, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
			asked <- struct{}{}
		}
	}()
	s := plan.Source{Git: "ssh://git@" + l.Addr().String() + "/x/y.git", Ref: "v1", Commit: "1111111111111111111111111111111111111111"}
	op := gitOp(t, s)
	want := map[string]string{
		pb.AttrFullRemoteURL: s.Git, pb.AttrMountSSHSock: "default", pb.AttrGitSkipSubmodules: "true",
		pb.AttrAuthTokenSecret: "GIT_AUTH_TOKEN", pb.AttrAuthHeaderSecret: "GIT_AUTH_HEADER",
	}
	if op.Identifier != "git://"+l.Addr().String()+"/x/y.git#"+s.Commit {
		t.Errorf("the identifier is %s", op.Identifier)
	}
	for k, v := range want {
		if op.Attrs[k] != v {
			t.Errorf("%s is %q, want %q", k, op.Attrs[k], v)
		}
	}
	if len(op.Attrs) != len(want) {
		t.Errorf("more than was asked for: %v", op.Attrs)
	}
	s.HostKey = "ssh-ed25519 AAAA"
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if got := gitOp(t, s).Attrs[pb.AttrKnownSSHHosts]; got != "[127.0.0.1]:"+port+" ssh-ed25519 AAAA\n" {
		t.Errorf("known hosts are %q", got)
	}
	select {
	case <-asked:
		t.Error("the host was asked for its key")
	case <-time.After(50 * time.Millisecond):
	}
}

// TestGitLikeBuildKits: what is put together here is what BuildKit's own
// constructor gives for the same repository and a known host.
func TestGitLikeBuildKits(t *testing.T) {
	s := plan.Source{Git: "ssh://git@host.invalid/y.git", Ref: "main", Submodules: true}
	bare := gitOp(t, s)
	s.HostKey = "ssh-ed25519 AAAA"
	known := gitOp(t, s)
	if known.Attrs[pb.AttrKnownSSHHosts] != "host.invalid ssh-ed25519 AAAA\n" {
		t.Errorf("known hosts are %q", known.Attrs[pb.AttrKnownSSHHosts])
	}
	delete(known.Attrs, pb.AttrKnownSSHHosts)
	if bare.Identifier != known.Identifier || len(bare.Attrs) != len(known.Attrs) {
		t.Errorf("%v differs from %v", bare, known)
	}
	for k, v := range known.Attrs {
		if bare.Attrs[k] != v {
			t.Errorf("%s is %q, BuildKit's %q", k, bare.Attrs[k], v)
		}
	}
}
