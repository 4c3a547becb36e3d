package harness

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is a registry on loopback, in this process.
type Registry struct {
	Addr   string
	server *http.Server
}

// StartRegistry starts one on a free port.
func StartRegistry() (*Registry, error) { return startRegistry(registryHandler()) }

// StartPrivateRegistry starts one that lets in who knows a user's password.
func StartPrivateRegistry(user, password string) (*Registry, error) {
	return startRegistry(BasicAuth(user, password, registryHandler()))
}

// BasicAuth lets requests through that come with a user's password.
func BasicAuth(user, password string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// StartTokenRegistry starts one that works as the public ones do: who knows a
// user's password is given a token, and anybody one that opens nothing.
func StartTokenRegistry(user, password string) (*Registry, error) {
	inner := registryHandler()
	return startRegistry(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			giveToken(w, r, user, password)
		case r.Header.Get("Authorization") == "Bearer "+user:
			inner.ServeHTTP(w, r)
		default:
			challenge := fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope="repository:any:pull,push"`, r.Host)
			if r.Header.Get("Authorization") != "" {
				challenge += `,error="insufficient_scope"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			http.Error(w, "this takes a token", http.StatusUnauthorized)
		}
	}))
}

// giveToken answers who asks with a form or with a header, and anybody.
func giveToken(w http.ResponseWriter, r *http.Request, user, password string) {
	token := "anybody"
	name, word, named := r.BasicAuth()
	if !named {
		name, word = r.PostFormValue("username"), r.PostFormValue("password")
	}
	if name != "" {
		if name != user || word != password {
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		token = user
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token":%q,"access_token":%[1]q,"expires_in":300}`, token)
}

func registryHandler() http.Handler { return registry.New(registry.Logger(log.New(io.Discard, "", 0))) }

func startRegistry(h http.Handler) (*Registry, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the registry: %w", err)
	}
	r := &Registry{Addr: l.Addr().String(), server: &http.Server{Handler: h}}
	go func() { _ = r.server.Serve(l) }() // ends with Close
	return r, nil
}

// Close ends the registry.
func (r *Registry) Close() { _ = r.server.Close() }

// Push stores an image or an index and returns its reference.
func (r *Registry) Push(repo string, what remote.Taggable) (string, error) {
	ref := r.Addr + "/" + repo
	tag, err := name.NewTag(ref, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("naming %s: %w", ref, err)
	}
	switch w := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(tag, w)
	case v1.Image:
		err = remote.Write(tag, w)
	}
	if err != nil {
		return "", fmt.Errorf("pushing %s: %w", ref, err)
	}
	return ref, nil
}
