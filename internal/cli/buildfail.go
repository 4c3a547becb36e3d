package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"github.com/org/jetson-frontend/frontend"
	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/timeline"
	"github.com/org/jetson-frontend/stacks/diag"
)

// buildError shows why a build failed: the findings of the frontend with their
// lines, or the step that failed and the line of the stack that asked for it.
func (e Env) buildError(err error, res engine.Result, rec *timeline.Recorder) error {
	if list, ok := diag.From(res.Err); ok {
		e.show(list)
		return errReported
	}
	failed := rec.Failed()
	sources := errdefs.Sources(err)
	if failed.Place != nil {
		sources = []*errdefs.Source{failed.Place}
	}
	places := places(sources)
	if failed.Step == "" && len(places) == 0 {
		return explain(err)
	}
	g := failure(failed, err.Error())
	if len(places) > 0 {
		g.Range = places[0]
	}
	e.show(diag.List{g})
	return errReported
}

// errLost is what happened to a build that is lost.
var errLost = errors.New("the builder gave this build up: it does so when this end answers nothing for half a minute, as on a machine with far more work than it can do, or on a connection that is full\n" +
	"  build again: what was finished is kept")

// lost reports whether the builder canceled a build that nobody here did:
// BuildKit ends a session whose client twice leaves a health check unanswered
// (session/grpc.go), and says no more than that something was canceled.
func lost(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && grpcerrors.Code(err) == codes.Canceled
}

// failure is what ended a build, in a user's words, without its place.
func failure(failed timeline.Failure, text string) diag.Diagnostic {
	g := diag.Errorf("build-failed", diag.Range{}, "")
	g.Summary, g.Help = inWords(failed, text)
	if host := frontend.Refused(about(failed, text)).Registry; host != "" {
		g.Help = credentialsFor(host)
	}
	return g
}

// refusedThere is the same for a build that buildx ran, if something was
// refused and what buildx said of it is a chain of errors. The rest is what
// buildx said besides.
func refusedThere(failed timeline.Failure, said string) (g diag.Diagnostic, rest string, ok bool) {
	r := frontend.Refused(about(failed, said))
	if r.Why == "" || strings.Contains(said, r.Why) {
		return g, said, false
	}
	var kept []string
	for l := range strings.Lines(said) {
		if !strings.HasPrefix(l, "ERROR: ") {
			kept = append(kept, l)
		}
	}
	return failure(failed, said), strings.Trim(strings.Join(kept, ""), "\n"), true
}

// places are where a builder's error points.
func places(sources []*errdefs.Source) []diag.Range {
	var out []diag.Range
	for _, s := range sources {
		if s.GetInfo() == nil || len(s.GetRanges()) == 0 {
			continue
		}
		f := &diag.File{Name: s.Info.Filename, Data: s.Info.Data}
		r := s.Ranges[0]
		start, end := offset(f, r.GetStart()), offset(f, r.GetEnd())
		out = append(out, diag.Range{File: f, Start: start, End: max(start, end+1)})
	}
	return out
}

// offset is a place as a number of bytes. Lines count from 1, characters from 0.
func offset(f *diag.File, p *pb.Position) int {
	off := 0
	for range p.GetLine() - 1 {
		i := strings.IndexByte(string(f.Data[off:]), '\n')
		if i < 0 {
			return len(f.Data)
		}
		off += i + 1
	}
	return min(off+max(int(p.GetCharacter()), 0), len(f.Data))
}

var (
	notInContext = regexp.MustCompile(`failed to calculate checksum of ref [^ ]+: "/?([^"]*)": not found`)
	exitCode     = regexp.MustCompile(`process ".*" did not complete successfully: exit code: (\d+)`)
)

// inWords says what BuildKit says, for who does not know BuildKit, and what
// mends it where that is known. What it does not know it leaves as it is.
func inWords(f timeline.Failure, text string) (summary, help string) {
	text = strings.TrimPrefix(text, "failed to solve: ")
	refused := frontend.Refused(about(f, text))
	if f.Step == "" {
		return line(text), mends(text)
	}
	summary, help = line(f.Why), cmp.Or(mends(text+f.Why), refused.Help)
	if refused.Why != "" {
		summary = refused.Why
	}
	if m := notInContext.FindStringSubmatch(f.Why); m != nil {
		summary = fmt.Sprintf("the build context has no %q", m[1])
		help = "paths are relative to the build context, the stack file's folder unless another is named; .dockerignore may leave files out"
	}
	if m := exitCode.FindStringSubmatch(f.Why); m != nil {
		summary = "its command ended with exit code " + m[1]
	}
	if ref, ok := strings.CutPrefix(f.Step, "[base] "); ok && help == "" {
		ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
		help = fmt.Sprintf("another place for it: --build-context %[1]s=docker-image://…, or =oci-layout://FOLDER", ref)
	}
	if name, ok := strings.CutPrefix(f.Step, "[test] "); ok {
		summary = strings.TrimPrefix(summary, "test "+name+": ")
	}
	return f.Step + ": " + summary, help
}

// about is all that is known of a failure.
func about(f timeline.Failure, text string) string { return f.Step + ": " + f.Why + "\n" + text }

// wire is what is put around words of this program that come back from the
// builder.
var wire = regexp.MustCompile(`(?:failed to copy to tar: )?rpc error: code = \w+ desc = `)

func line(text string) string {
	return strings.Join(strings.Fields(wire.ReplaceAllString(text, "")), " ")
}

// mends is what has to be installed where the builder runs, for failures of
// which that is the cause.
func mends(text string) string {
	switch {
	case strings.Contains(text, "exec format error"):
		return "the builder's kernel does not run programs of that architecture; where it runs, on Debian and Ubuntu: sudo apt-get install qemu-user-static binfmt-support"
	case strings.Contains(text, `exec: "git": executable file not found`):
		return "the builder needs git for this source; where it runs, on Debian, Ubuntu and a Jetson: sudo apt-get install git"
	}
	return ""
}
