package frontend

import (
	"regexp"
	"strings"
)

var (
	noRef    = regexp.MustCompile(`repository does not contain ref (\S+?),? output:`)
	noCommit = regexp.MustCompile(`(?:reference is not a tree: |not our ref )([0-9a-f]{40})`)
	gitSaid  = regexp.MustCompile(`(?s)git stderr:\s*(.*?)\s*: exit status \d+`)
)

// theRepository begins what is said of one that lacks what was asked for.
const theRepository = "the repository"

// GitWords says what BuildKit says of a repository's failure without what git
// and BuildKit put around it, and what would mend it; "" if text is of another
// thing.
func GitWords(text string) (why, help string) {
	const list = "git ls-remote prints the tags, the branches and their commits"
	if m := noRef.FindStringSubmatch(text); m != nil {
		return theRepository + " has no tag or branch " + m[1], list
	}
	if m := noCommit.FindStringSubmatch(text); m != nil {
		return theRepository + " has no commit " + m[1], list
	}
	m := gitSaid.FindStringSubmatch(text)
	if m == nil {
		return "", ""
	}
	var lines []string
	for line := range strings.Lines(m[1]) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{"fatal: ", "error: ", "remote error: ", "remote: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		if line != "" {
			lines = append(lines, strings.TrimSuffix(line, "."))
		}
	}
	if strings.Contains(m[1], "could not read Username") || strings.Contains(m[1], "Authentication failed") {
		help = "there is no such repository, or it is not public: --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN sends a token"
	}
	return strings.Join(lines, "; "), help
}
