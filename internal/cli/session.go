package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/tonistiigi/go-csvvalue"

	"github.com/org/jetson-frontend/internal/engine"
)

// session is what the builder may ask this process for: secrets, keys, and
// credentials of registries from Docker's config.
func (i *imageFlags) session(env Env, r *engine.Request) error {
	if len(i.secrets) > 0 {
		for _, s := range i.secrets {
			if err := checkSecret(env, s); err != nil {
				return err
			}
		}
		s, err := build.ParseSecret(i.secrets)
		if err != nil {
			return usagef("--secret: %v", err)
		}
		r.Session = append(r.Session, s)
	}
	if len(i.ssh) > 0 {
		for _, s := range i.ssh {
			if err := checkSSH(env, s); err != nil {
				return err
			}
		}
		configs, err := build.ParseSSH(i.ssh)
		if err != nil {
			return usagef("--ssh: %v", err)
		}
		s, err := sshprovider.NewSSHAgentProvider(configs)
		if err != nil {
			return sshKeyError(err)
		}
		r.Session = append(r.Session, s)
	}
	docker := config.LoadDefaultConfigFile(env.Stderr)
	r.Session = append(r.Session, authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(docker),
	}))
	return nil
}

// checkSecret refuses a secret that is not there. BuildKit would leave it out,
// and the build would fail where it is first needed.
func checkSecret(env Env, spec string) error {
	fields, err := csvvalue.Fields(spec, nil)
	if err != nil {
		return usagef("--secret %q: %v", spec, err)
	}
	is := map[string]string{}
	for _, f := range fields {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return usagef("--secret is written as id=NAME,src=FILE or id=NAME,env=VARIABLE; %q is neither", spec)
		}
		is[strings.ToLower(k)] = v
	}
	file, variable := is["src"]+is["source"], is["env"]
	if is["type"] == "env" && variable == "" {
		file, variable = "", file
	}
	switch {
	case is["id"] == "":
		return usagef("--secret %q has no id, as in id=NAME,src=FILE", spec)
	case variable != "" && env.Getenv(variable) == "":
		return usagef("--secret %s: the environment variable %s is not set, or empty", spec, variable)
	case file != "":
		return readable("--secret "+spec, file)
	}
	return nil
}

// checkSSH refuses an agent or a key that is not there.
func checkSSH(env Env, spec string) error {
	_, paths, _ := strings.Cut(spec, "=")
	if paths == "" && env.Getenv("SSH_AUTH_SOCK") == "" {
		return usagef("--ssh %s: no SSH agent runs here (SSH_AUTH_SOCK is not set); --ssh default=FILE gives a private key", spec)
	}
	for p := range strings.SplitSeq(paths, ",") {
		if p == "" || strings.HasPrefix(p, "raw=") {
			continue
		}
		if err := readable("--ssh "+spec, p); err != nil {
			return err
		}
	}
	return nil
}

// sshKeyError is a key that cannot be used, without what is put around it.
func sshKeyError(err error) error {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, `for ID: "`); ok {
		if _, said, ok := strings.Cut(rest, `": `); ok {
			text = said
		}
	}
	if strings.Contains(text, "passphrase") {
		text += "\n  ssh-add gives it to the SSH agent, --ssh default the agent to the build"
	}
	return usagef("--ssh: %s", text)
}

// readable refuses what is no file, or not this user's to read.
func readable(what, path string) error {
	st, err := os.Stat(path)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	switch {
	case err != nil:
		return usagef("%s: %s: %v", what, path, err)
	case st.IsDir():
		return usagef("%s: %s is a folder", what, path)
	}
	return nil
}

// credentialsFor says where the credentials of a registry come from and what is
// there.
func credentialsFor(host string) string {
	key := host
	if host == "docker.io" || host == authprovider.DockerHubRegistryHost {
		host, key = "docker.io", authprovider.DockerHubConfigfileKey // as docker login writes it
	}
	path := filepath.Join(config.Dir(), config.ConfigFileName)
	have, err := config.LoadDefaultConfigFile(io.Discard).GetAuthConfig(key)
	if err == nil && have == (types.AuthConfig{ServerAddress: have.ServerAddress}) {
		return fmt.Sprintf("Docker's config (%s) has no credentials for it: docker login %s writes them", path, host)
	}
	return fmt.Sprintf("it was asked with the credentials for it in Docker's config (%s): docker login %s writes others", path, host)
}
