package frontend

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Refusal is what a host said in place of what a build wanted of it.
type Refusal struct {
	// Why says it in one sentence; "" if the words are unknown. Help is what
	// mends it.
	Why, Help string
	// Registry is the host of an image whose credentials are missing or not
	// enough.
	Registry string
}

// Refused finds a refusal in the words that BuildKit, git and ssh have for it,
// behind all that they put around them.
func Refused(text string) Refusal {
	text = strings.Join(strings.Fields(text), " ")
	for _, find := range []func(string) Refusal{gitRefused, sshRefused, fileRefused, helperFailed, registryRefused, registryGone} {
		if r := find(text); r.Why != "" {
			return r
		}
	}
	return Refusal{}
}

// words are an error's about something, or those of the refusal in it with what
// mends it.
func words(about string, err error) string {
	r := because(about, err)
	if r.Help == "" {
		return r.Why
	}
	return r.Why + "; " + r.Help
}

const tokenHelp = "--secret id=GIT_AUTH_TOKEN,env=TOKEN (or src=FILE) gives the build a token; the id GIT_AUTH_TOKEN.%s is for this host alone"

var (
	gitUnnamed = regexp.MustCompile(`(?:could not read (?:Username|Password) for|Authentication failed for) '(https?://(?:[^/'@]*@)?([^/']+)[^']*)'`)
	gitNothing = regexp.MustCompile(`[Rr]epository '?(https?://([^/' ]+)[^' ]*)'? not found`)
	gitNoRef   = regexp.MustCompile(`repository does not contain ref (\S+?),? `)
	gitAway    = regexp.MustCompile(`unable to access '([^']+)': (.+?)(?: : exit status \d+|$)`)
	gitNoRev   = regexp.MustCompile(`(?:reference is not a tree: |not our ref )([0-9a-f]{40})`)
	gitSaid    = regexp.MustCompile(`git stderr: (.+?) ?: exit status \d+`)
)

// gitRefused are refusals over http, and what git says of a repository.
func gitRefused(text string) Refusal {
	if m := gitUnnamed.FindStringSubmatch(text); m != nil {
		return Refusal{Why: fmt.Sprintf("%s wants credentials for this repository and was given none that it takes", m[2]), Help: fmt.Sprintf(tokenHelp, m[2])}
	}
	if m := gitNothing.FindStringSubmatch(text); m != nil {
		return Refusal{Why: "there is no repository " + strings.TrimSuffix(m[1], "/") + ", or none that whoever asks may see", Help: fmt.Sprintf(tokenHelp, m[2])}
	}
	if m := gitNoRef.FindStringSubmatch(text + " "); m != nil {
		return Refusal{Why: theRepository + " has no tag or branch " + m[1], Help: gitList}
	}
	if m := gitNoRev.FindStringSubmatch(text); m != nil {
		return Refusal{Why: theRepository + " has no commit " + m[1], Help: gitList}
	}
	if m := gitAway.FindStringSubmatch(text); m != nil {
		return Refusal{Why: fmt.Sprintf("%s cannot be reached: %s", strings.TrimSuffix(m[1], "/"), m[2]), Help: builderReaches}
	}
	return Refusal{}
}

// theRepository begins what is said of one that lacks what was asked for.
const (
	theRepository = "the repository"
	gitList       = "git ls-remote prints the tags, the branches and their commits"
)

const builderReaches = "it is the builder that reaches for it, from where it runs"

var (
	sshNone  = regexp.MustCompile(`[ :]ssh: (?:command )?not found`)
	sshNoKey = regexp.MustCompile(`no SSH key "default" forwarded|unset ssh forward key default`)
	sshKeys  = regexp.MustCompile(`([^\s:]+): Permission denied \(([^)]*)\)`)
	sshAway  = regexp.MustCompile(`ssh: (connect to host \S+ port \d+: [A-Z][a-z]+(?: [a-z]+)*|Could not resolve hostname [^:]+)`)
)

// sshRefused are refusals over ssh.
func sshRefused(text string) Refusal {
	if sshNone.MatchString(text) {
		return Refusal{Why: "the builder needs an SSH client for this source and has none", Help: "where it runs, on Debian, Ubuntu and a Jetson: sudo apt-get install openssh-client"}
	}
	if sshNoKey.MatchString(text) {
		return Refusal{Why: "this repository is fetched over SSH and the build was given no key", Help: "--ssh default gives it the SSH agent of this machine, --ssh default=FILE a private key"}
	}
	if m := sshKeys.FindStringSubmatch(text); m != nil {
		return Refusal{Why: m[1] + " takes none of the SSH keys that it was offered", Help: "--ssh default offers the keys of the SSH agent of this machine, --ssh default=FILE a private key"}
	}
	if strings.Contains(text, "Host key verification failed") {
		return Refusal{Why: "the SSH server has another key than host_key says", Help: "ssh-keyscan HOST prints the key that it has now; find out why it is another before it goes into the file"}
	}
	if m := sshAway.FindStringSubmatch(text); m != nil {
		return Refusal{Why: "the SSH server cannot be reached: " + strings.TrimPrefix(m[1], "connect to "), Help: builderReaches}
	}
	if m := gitSaid.FindStringSubmatch(text); m != nil {
		return Refusal{Why: gitLabel.ReplaceAllString(m[1], "")}
	}
	return Refusal{}
}

// gitLabel is what git puts before its words, to say who speaks.
var gitLabel = regexp.MustCompile(`\b(?:fatal: |error: |remote error: |remote: )+`)

var (
	fileStatus = regexp.MustCompile(`invalid response status (\d{3})`)
	fileDigest = regexp.MustCompile(`digest mismatch (?:for \S+: )?(sha256:[0-9a-f]+)(?:: | \(expected: )(sha256:[0-9a-f]+)`)
)

const fileHelp = "look at what the address gives: an error page is another file, too; a private file takes --secret id=HTTP_AUTH_TOKEN_HOST,env=TOKEN with the host's name"

// fileRefused are refusals of a file by address. BuildKit compares what came
// with the pin, whatever the server called it.
func fileRefused(text string) Refusal {
	if m := fileDigest.FindStringSubmatch(text); m != nil {
		return Refusal{Why: fmt.Sprintf("what came has the %s, not the %s of the pin", m[1], m[2]), Help: fileHelp}
	}
	m := fileStatus.FindStringSubmatch(text)
	switch {
	case m == nil:
		return Refusal{}
	case m[1] == "401" || m[1] == "403":
		return Refusal{Why: "the server wants credentials for this file: status " + m[1], Help: "--secret id=HTTP_AUTH_TOKEN_HOST,env=TOKEN gives the build a token for the host of that name"}
	}
	return Refusal{Why: "the server does not give this file: status " + m[1]}
}

var (
	pushed    = regexp.MustCompile(`failed to push (\S+): `)
	statusOf  = regexp.MustCompile(`unexpected status from [A-Z]+ request to https?://([^/\s]+)/v2/(\S+?)/(?:manifests|blobs)/\S+ (\d{3} [A-Z][a-z]+)`)
	imageName = regexp.MustCompile(`(?:^|\s)((?:[\w-]+\.)+[\w-]+(?::\d+)?|[\w-]+:\d+|localhost)/([^\s\]]+): `)
	denied    = regexp.MustCompile(`40[13] (?:Unauthorized|Forbidden)|insufficient_scope|access denied|authorization failed|failed to authorize|no basic auth credentials`)
	gone      = regexp.MustCompile(`failed to do request: [A-Z][a-z]+ "https?://([^/"]+)/v2/[^"]*": (.+)$`)
	noHelper  = regexp.MustCompile(`error getting credentials - err: exec: "([^"]+)": executable file not found`)
	helperOut = regexp.MustCompile("error getting credentials - err: (.*?), out: `(.*?)`")
)

// image finds the image that a text is about, as its registry and the rest of
// its name.
func image(text string) (registry, name string) {
	if m := pushed.FindStringSubmatch(text); m != nil {
		registry, name, _ = strings.Cut(m[1], "/")
		return registry, name
	}
	if m := statusOf.FindStringSubmatch(text); m != nil {
		return m[1], m[2]
	}
	if m := imageName.FindStringSubmatch(text); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// registryRefused is a registry that wants credentials, or others.
func registryRefused(text string) Refusal {
	if !denied.MatchString(text) {
		return Refusal{}
	}
	registry, name := image(text)
	if registry == "" {
		return Refusal{}
	}
	what := "refuses access to " + name
	if pushed.MatchString(text) {
		what = "refuses the push of " + name
	}
	return Refusal{
		Why: fmt.Sprintf("the registry %s %s", registry, what), Registry: registry,
		Help: fmt.Sprintf("it is asked with the credentials of Docker's config: docker login %s writes them", registry),
	}
}

// registryGone is a registry that does not answer.
func registryGone(text string) Refusal {
	m := gone.FindStringSubmatch(text)
	if m == nil {
		return Refusal{}
	}
	why := m[2]
	help := builderReaches
	if strings.Contains(why, "server gave HTTP response to HTTPS client") {
		help = "it speaks plain HTTP: -o type=image,push=true,registry.insecure=true pushes so, and buildkitd.toml lets the builder pull so"
	}
	parts := strings.Split(why, ": ")
	return Refusal{Why: fmt.Sprintf("the registry %s cannot be reached: %s", m[1], parts[len(parts)-1]), Help: help}
}

// helperFailed is a program of Docker's config that should know credentials and
// gives none.
func helperFailed(text string) Refusal {
	if m := noHelper.FindStringSubmatch(text); m != nil {
		return Refusal{Why: fmt.Sprintf("Docker's config leaves credentials to %s, which is not on PATH", m[1]), Help: "install it, or take it out of credsStore and credHelpers in Docker's config.json"}
	}
	if m := helperOut.FindStringSubmatch(text); m != nil {
		return Refusal{Why: "the credential helper of Docker's config failed: " + cmp.Or(m[2], m[1])}
	}
	return Refusal{}
}
