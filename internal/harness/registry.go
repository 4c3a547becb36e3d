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
func StartRegistry() (*Registry, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the registry: %w", err)
	}
	r := &Registry{Addr: l.Addr().String(), server: &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}}
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
