package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Layout counts the ways in which a root has been laid out. It grows when a
// daemon of this version would misread what the last one left.
const Layout = 1

// Stamp says what made a root. It lies in the root.
type Stamp struct {
	Layout int `json:"layout"`
	// BuildKit is the version whose daemon used the root last.
	BuildKit string `json:"buildkit"`
	// Snapshotter is how layers are kept: a root cannot change it.
	Snapshotter string `json:"snapshotter"`
	// Owner is the user whose files they are.
	Owner int `json:"owner"`
}

func (p Paths) stampFile() string { return filepath.Join(p.Root, "stamp.json") }

// newStamp is a stamp that is being written.
func (p Paths) newStamp() string { return p.stampFile() + ".new" }

// ReadStamp returns a root's stamp; ok is false if the root is not there, or
// empty. A root that holds something and has no stamp is not ours and is
// refused.
func (p Paths) ReadStamp() (s Stamp, ok bool, err error) {
	data, err := os.ReadFile(p.stampFile())
	if err == nil {
		if err := json.Unmarshal(data, &s); err != nil || s.Layout < 1 {
			return s, false, problem(fmt.Sprintf("%s is damaged: it does not say what made the builder's state", p.stampFile()), p.afresh()...)
		}
		return s, true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, false, fmt.Errorf("reading the builder's stamp: %w", err)
	}
	entries, err := os.ReadDir(p.Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, false, fmt.Errorf("reading the builder's root: %w", err)
	}
	for _, e := range entries {
		if n := e.Name(); n != "lock" && n != filepath.Base(p.newStamp()) && !strings.HasPrefix(n, "daemon.log") {
			return s, false, problem(fmt.Sprintf("%s holds something that is not a builder's state (%s)", p.Root, n),
				"name an empty folder with --root or "+EnvRoot)
		}
	}
	return s, false, nil
}

// CheckStamp says whether a daemon with this BuildKit may use the root, and
// what it will change in it. It changes nothing.
func (p Paths) CheckStamp(s Stamp, buildkit string, owner int) (notice string, err error) {
	switch {
	case s.Layout > Layout:
		return "", problem(fmt.Sprintf("the builder's state in %s was made by a newer jetson (layout %d, this one knows %d)", p.Root, s.Layout, Layout), p.afresh()...)
	case s.Layout < Layout:
		return "", problem(fmt.Sprintf("the builder's state in %s was made by an older jetson (layout %d, this one needs %d) and cannot be carried over", p.Root, s.Layout, Layout), p.afresh()...)
	case s.Owner != owner:
		return "", problem(fmt.Sprintf("the builder's state in %s belongs to user %d, not to user %d", p.Root, s.Owner, owner), p.afresh()...)
	}
	had, now := minor(s.BuildKit), minor(buildkit)
	switch {
	case had > now && now > 0:
		return "", problem(fmt.Sprintf("the builder's state in %s was used by BuildKit %s, which is newer than this jetson's %s", p.Root, s.BuildKit, buildkit), p.afresh()...)
	case had != now:
		return fmt.Sprintf("the state in %s is taken over from BuildKit %s by %s", p.Root, s.BuildKit, buildkit), nil
	}
	return "", nil
}

func (p Paths) afresh() []string {
	return []string{"use the jetson that made it, name another folder with --root or " + EnvRoot + ", or remove " + p.Root + " to start afresh"}
}

// WriteStamp replaces the stamp as a whole.
func (p Paths) WriteStamp(s Stamp) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the builder's stamp: %w", err)
	}
	tmp := p.newStamp()
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the builder's stamp: %w", err)
	}
	if err := os.Rename(tmp, p.stampFile()); err != nil {
		return fmt.Errorf("writing the builder's stamp: %w", err)
	}
	return nil
}

// minor is a version v1.2.3 as 1002, so that versions compare as numbers; 0 if
// it is not a version.
func minor(v string) int {
	var major, min int
	if n, _ := fmt.Sscanf(v, "v%d.%d", &major, &min); n != 2 {
		return 0
	}
	return major*1000 + min
}

// BuildKitVersion is the version of BuildKit that this program embeds, from its
// own build information; "unknown" if it has none.
func BuildKitVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/moby/buildkit" {
			if d.Replace != nil {
				return d.Replace.Version
			}
			return d.Version
		}
	}
	return "unknown"
}
