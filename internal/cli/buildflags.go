package cli

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/spf13/cobra"
	"github.com/tonistiigi/go-csvvalue"

	"github.com/org/jetson-frontend/internal/engine"
)

// imageFlags are the flags of `buildx build` that say what becomes of the
// result, what is cached where, and what the build is given. They have the
// names and the meaning that they have there.
type imageFlags struct {
	tags, outputs, labels, annotations []string
	push, load                         bool
	cacheFrom, cacheTo                 []string
	noCache, pull                      bool
	noCacheFilter                      []string
	secrets, ssh, allow                []string
	attests                            []string
	sbom, provenance                   string
	hosts                              []string
	network                            string
	metadataFile, iidFile              string
	quiet                              bool
	// piped says that an output takes standard output, loads that one goes to
	// Docker on this machine.
	piped, loads bool
}

func (i *imageFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&i.tags, "tag", "t", nil, "a `NAME` for the image, as registry.example/name:tag")
	f.StringArrayVarP(&i.outputs, "output", "o", nil, "where the result goes: a folder, or `SPEC` as type=oci,dest=image.tar")
	f.BoolVar(&i.push, "push", false, "push the image to its registry: the same as -o type=image,push=true")
	f.BoolVar(&i.load, "load", false, "load the image into Docker on this machine")
	f.StringArrayVar(&i.labels, "label", nil, "set a label of the image, as `KEY=VALUE`")
	f.StringArrayVar(&i.annotations, "annotation", nil, "annotate the image, as `[TYPE:]KEY=VALUE`; the type is manifest, index, …")
	f.StringArrayVar(&i.cacheFrom, "cache-from", nil, "take cache from `SPEC`, as type=registry,ref=name or user/app:cache")
	f.StringArrayVar(&i.cacheTo, "cache-to", nil, "leave cache in `SPEC`, as type=local,dest=path")
	f.BoolVar(&i.noCache, "no-cache", false, "build everything anew")
	f.StringArrayVar(&i.noCacheFilter, "no-cache-filter", nil, "build this `COMPONENT` anew")
	f.BoolVar(&i.pull, "pull", false, "look base images up anew")
	f.StringArrayVar(&i.secrets, "secret", nil, "give the build a secret, `SPEC` as id=jetson,src=settings or id=token,env=TOKEN")
	f.StringArrayVar(&i.ssh, "ssh", nil, "give the build an SSH agent or key, `SPEC` as default or id=path")
	f.StringArrayVar(&i.allow, "allow", nil, "allow what is privileged, `WHAT` as network.host or device=nvidia.com/gpu=all")
	f.StringArrayVar(&i.attests, "attest", nil, "attach an attestation, `SPEC` as type=sbom or type=provenance,mode=max")
	f.StringVar(&i.sbom, "sbom", "", "attach a list of what is in the image: `HOW` is true, false or generator=IMAGE")
	f.StringVar(&i.provenance, "provenance", "", "attach how the image was built: `HOW` is true, false, mode=min or mode=max")
	f.StringArrayVar(&i.hosts, "add-host", nil, "a further host for the build, as `NAME:ADDRESS`")
	f.StringVar(&i.network, "network", "", "the network of the build's steps: `MODE` is default, none or host")
	f.StringVar(&i.metadataFile, "metadata-file", "", "write what is known of the result to `FILE`, as JSON")
	f.StringVar(&i.iidFile, "iidfile", "", "write the image's digest to `FILE`")
	f.BoolVarP(&i.quiet, "quiet", "q", false, "show no progress; print the image's digest")
	for _, name := range []string{"sbom", "provenance"} {
		f.Lookup(name).NoOptDefVal = "true"
	}
}

// request puts the flags into a request. Files that the result goes to are
// opened when there is a result.
func (i *imageFlags) request(env Env, r *engine.Request) error {
	var err error
	if r.Labels, err = pairs("label", i.labels, env); err != nil {
		return err
	}
	if r.Exports, err = i.exports(env); err != nil {
		return err
	}
	if err := i.caches(env, r); err != nil {
		return err
	}
	if err := build.ValidateAllow(i.allow); err != nil {
		return usagef("--allow: %v", err)
	}
	r.Allow = i.allow
	r.Pull, r.Network, r.Hosts = i.pull, i.network, i.hosts
	if i.network != "" && !slices.Contains([]string{"default", "none", "host"}, i.network) {
		return usagef("--network is default, none or host, not %q", i.network)
	}
	switch {
	case i.noCache:
		r.NoCache = []string{""}
	case len(i.noCacheFilter) > 0:
		r.NoCache = i.noCacheFilter
	}
	if r.Attrs, err = i.attestations(); err != nil {
		return err
	}
	return i.session(env, r)
}

// attestations are the frontend attributes of --sbom, --provenance and
// --attest. The two short flags win.
func (i *imageFlags) attestations() (map[string]string, error) {
	all := slices.Clone(i.attests)
	for _, short := range [][2]string{{"sbom", i.sbom}, {"provenance", i.provenance}} {
		on, err := strconv.ParseBool(short[1])
		switch {
		case short[1] == "":
		case err != nil:
			all = append(all, "type="+short[0]+","+short[1])
		default:
			all = append(all, fmt.Sprintf("type=%s,disabled=%t", short[0], !on))
		}
	}
	out := map[string]string{}
	for _, a := range all {
		fields, err := csvvalue.Fields(a, nil)
		if err != nil {
			return nil, usagef("--attest %q: %v", a, err)
		}
		kind, disabled := "", false
		var rest []string
		for _, f := range fields {
			k, v, ok := strings.Cut(f, "=")
			if !ok {
				return nil, usagef("an attestation is written as type=sbom or type=provenance,mode=max, not %q", a)
			}
			switch k {
			case "type":
				kind = v
			case "disabled":
				disabled = v == "true"
			default:
				rest = append(rest, f)
			}
		}
		if kind != "sbom" && kind != "provenance" {
			return nil, usagef("an attestation is of the type sbom or provenance, not %q", kind)
		}
		if delete(out, "attest:"+kind); !disabled {
			out["attest:"+kind] = strings.Join(rest, ",")
		}
	}
	return out, nil
}

// names are the image's names, whole, joined as BuildKit wants them.
func (i *imageFlags) names() (string, error) {
	var names []string
	for _, t := range i.tags {
		ref, err := reference.ParseNormalizedNamed(t)
		if err != nil {
			return "", usagef("--tag %q: %v", t, err)
		}
		names = append(names, reference.TagNameOnly(ref).String())
	}
	return strings.Join(names, ","), nil
}

// annotationText is [TYPE[PLATFORM]:]KEY=VALUE.
func annotationPattern() *regexp.Regexp {
	return regexp.MustCompile(`^(?:([a-z,-]+)(?:\[([A-Za-z0-9_/-]+)\])?:)?(\S+)$`)
}

// annotate gives the attributes that annotations are for an image exporter.
func (i *imageFlags) annotate() (map[string]string, error) {
	out := map[string]string{}
	re := annotationPattern()
	for _, a := range i.annotations {
		key, value, ok := strings.Cut(a, "=")
		m := re.FindStringSubmatch(key)
		if !ok || m == nil {
			return nil, usagef("--annotation takes [TYPE:]KEY=VALUE, not %q", a)
		}
		kinds := strings.Split(m[1], ",")
		for _, kind := range kinds {
			k := exptypes.AnnotationKey{Type: kind, Key: m[3]}
			switch kind {
			case "", exptypes.AnnotationIndex, exptypes.AnnotationIndexDescriptor, exptypes.AnnotationManifest, exptypes.AnnotationManifestDescriptor:
			default:
				return nil, usagef("an annotation is for the manifest, index, manifest-descriptor or index-descriptor, not for %q", kind)
			}
			if m[2] != "" {
				p, err := platforms.Parse(m[2])
				if err != nil {
					return nil, usagef("--annotation %q: %v", a, err)
				}
				k.Platform = &p
			}
			out[k.String()] = value
		}
	}
	return out, nil
}

// merge adds what attrs lack.
func merge(attrs, more map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(more)) {
		if _, ok := attrs[k]; !ok {
			attrs[k] = more[k]
		}
	}
}

// isDir reports whether a path is a folder.
func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
