package llb

import (
	"net/url"
	"path"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/gitutil"

	"github.com/org/jetson-frontend/stacks/plan"
)

// Git is a repository at a commit, or at a tag or branch that has none yet. What
// opens a private one comes from the client during the build: the secrets
// GIT_AUTH_TOKEN and GIT_AUTH_HEADER, for one host with ".HOST" behind them, and
// the SSH agent "default".
func Git(s plan.Source, m Mirrors, caps Caps, opts ...bk.ConstraintsOpt) bk.State {
	var git []bk.GitOption
	for _, o := range opts {
		git = append(git, o)
	}
	if !s.Submodules && caps.GitSkipSubmodules {
		git = append(git, bk.GitSkipSubmodules())
	}
	// The full commit as the reference is verified by every daemon.
	ref := s.Commit
	if ref == "" {
		ref = s.Ref
	}
	url := m.Rewrite(s.Git)
	remote, err := gitutil.ParseURL(url)
	if err != nil || remote.Scheme != gitutil.SSHProtocol {
		return bk.Git(url, ref, git...)
	}
	if s.HostKey != "" {
		return bk.Git(url, ref, append(git, bk.KnownSSHHosts(knownHost(remote.Host)+" "+s.HostKey))...)
	}
	return anyHost(remote, ref, git)
}

// anyHost is a repository over ssh whose host key nobody has named: whatever
// host answers is believed, and the commit says whether it has the right thing.
// BuildKit's own constructor would ask the host for its key, here and now: a
// graph takes no network to make, and is the same wherever it is made.
func anyHost(remote *gitutil.GitURL, ref string, opts []bk.GitOption) bk.State {
	var gi bk.GitInfo
	for _, o := range opts {
		o.SetGitOption(&gi)
	}
	attrs := map[string]string{
		pb.AttrFullRemoteURL: remote.Remote, pb.AttrMountSSHSock: "default",
		pb.AttrAuthTokenSecret: bk.GitAuthTokenKey, pb.AttrAuthHeaderSecret: bk.GitAuthHeaderKey,
	}
	needs := []apicaps.CapID{pb.CapSourceGit, pb.CapSourceGitFullURL, pb.CapSourceGitMountSSHSock}
	if gi.SkipSubmodules {
		attrs[pb.AttrGitSkipSubmodules] = "true"
		needs = append(needs, pb.CapSourceGitSkipSubmodules)
	}
	if gi.Metadata.Caps == nil {
		gi.Metadata.Caps = map[apicaps.CapID]bool{}
	}
	for _, c := range needs {
		gi.Metadata.Caps[c] = true
	}
	id := remote.Host + path.Join("/", remote.Path)
	if ref != "" {
		id += "#" + ref
	}
	return bk.NewState(bk.NewSource("git://"+id, attrs, gi.Constraints).Output())
}

// knownHost is a host as ssh writes it in its list of known ones: with a port
// of its own in brackets.
func knownHost(host string) string {
	u := url.URL{Host: host}
	if p := u.Port(); p != "" && p != "22" {
		return "[" + u.Hostname() + "]:" + p
	}
	return u.Hostname()
}
