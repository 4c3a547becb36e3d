// Package plan is the seam between what a user wrote and what a builder runs.
//
// A Plan is concrete: every version, source, package and option is chosen, and
// nothing is left to look up. It does not know who builds it, so it is the same
// on every machine; it is the same after a trip through JSON; and its digest
// names it. The command line, the frontend, the lock file, the goldens, the
// drawings and the provenance all read this one value.
package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
)

// Schema is the version of the Plan's shape. A reader refuses others.
const Schema = 1

// Plan is what will be built.
type Plan struct {
	Schema   int       `json:"schema"`
	Stack    []string  `json:"stack"` // what was asked for, as written
	Platform Platform  `json:"platform"`
	Base     Image     `json:"base"`  // what the image is built on
	Plain    Image     `json:"plain"` // what environments are built on
	Tools    Toolchain `json:"toolchain"`
	Archives []Archive `json:"archives,omitempty"` // in the order of the chain
	Apt      Apt       `json:"apt"`
	// Components stand in topological order: needs before who needs them.
	Components []Component `json:"components,omitempty"`
	Worlds     []World     `json:"worlds,omitempty"`
	Copies     []Copy      `json:"copies,omitempty"`
	Tests      []Test      `json:"tests,omitempty"`
	Config     Config      `json:"config"`
	Run        Run         `json:"run"`
	FirstRun   []FirstRun  `json:"first_run,omitempty"`
	Host       []Host      `json:"host,omitempty"`
	Storage    Storage     `json:"storage"`
	// OneSoname lists library stems of which one process may load one only.
	OneSoname []string `json:"one_soname,omitempty"`
	// Date is the newest date of a source, as a Unix time: the image's date
	// unless SOURCE_DATE_EPOCH is given.
	Date  int64    `json:"date"`
	Notes []string `json:"notes,omitempty"` // what a user should know before using the image
}

// Platform is what the image is for.
type Platform struct {
	Name     string            `json:"name"` // as people say it
	Arch     string            `json:"arch"` // as Debian and OCI both name it
	Distro   string            `json:"distro"`
	DistroID string            `json:"distro_id"`
	Release  string            `json:"distro_version"`
	Codename string            `json:"codename"`
	JetPack  string            `json:"jetpack,omitempty"`
	L4T      string            `json:"l4t,omitempty"`
	Kernel   string            `json:"kernel,omitempty"` // the device's, which a container runs on
	Tier     string            `json:"tier,omitempty"`
	Flavour  string            `json:"flavour,omitempty"`
	Device   string            `json:"device,omitempty"`
	SoCs     []string          `json:"socs,omitempty"`
	SMs      []string          `json:"sms,omitempty"`
	Versions map[string]string `json:"versions,omitempty"`
	Date     int64             `json:"date"` // of the distribution, as a Unix time
}

// Image is a container image by reference and, once known, digest.
type Image struct {
	// Context is the name under which a user may put another image in this
	// one's place.
	Context string `json:"context"`
	Ref     string `json:"ref"`
	Digest  string `json:"digest,omitempty"`
}

// Toolchain is what the step kinds run on the build platform.
type Toolchain struct {
	// Fetch are what reaching an archive other than the distribution's takes,
	// such as certificates.
	Fetch    []string            `json:"fetch,omitempty"`
	Packages []string            `json:"packages,omitempty"`
	Cross    map[string][]string `json:"cross,omitempty"` // by target architecture
	// Kinds are what a kind of step takes over that, so that who does not use
	// the kind does not depend on it.
	Kinds map[string][]string `json:"kinds,omitempty"`
}

// Archive is a Debian archive.
type Archive struct {
	Name       string            `json:"name"`
	URLs       map[string]string `json:"urls"` // by architecture, or "any"
	Suites     []string          `json:"suites"`
	Components []string          `json:"components,omitempty"`
	Keyring    string            `json:"keyring,omitempty"`
	KeyURL     string            `json:"key_url,omitempty"`
	KeySHA256  string            `json:"key_sha256,omitempty"`
	// KeyFingerprint is that of the one primary key which the file may hold; ""
	// says nothing about it.
	KeyFingerprint string `json:"key_fingerprint,omitempty"`
	Keep           bool   `json:"keep,omitempty"`
	// Needs are archives without which this one does not resolve.
	Needs []string `json:"needs,omitempty"`
	// Own marks the distribution's archives, which every link may use.
	Own bool `json:"own,omitempty"`
}

// Apt is the image's chain of installs.
type Apt struct {
	Run    []Link   `json:"run,omitempty"` // in every image
	Dev    []Link   `json:"dev,omitempty"` // on top of it, in the dev image
	Forbid []string `json:"forbid,omitempty"`
}

// Link is one install from one archive.
type Link struct {
	Archive  string   `json:"archive"` // "" is the distribution's
	Packages []string `json:"packages,omitempty"`
	// Versions are what apt is held to, by package or by pattern; both may
	// have asterisks.
	Versions map[string]string `json:"versions,omitempty"`
	Debconf  []string          `json:"debconf,omitempty"`
	Markers  []string          `json:"markers,omitempty"`
	Unpack   []string          `json:"unpack_only,omitempty"`
	Debs     []Blob            `json:"debs,omitempty"`
}

// Hold adds versions to those that apt is held to.
func (l *Link) Hold(versions map[string]string) {
	if len(versions) == 0 {
		return
	}
	all := maps.Clone(l.Versions)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, versions)
	l.Versions = all
}

// Blob is a file by address and checksum.
type Blob struct {
	URL    string `json:"url"`
	SHA256 string `json:"sha256,omitempty"`
}

// Component is one component as this stack gets it.
type Component struct {
	Name     string            `json:"name"`
	Version  string            `json:"version,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	License  string            `json:"license,omitempty"`
	Variants map[string]string `json:"variants,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
	// Why is the chain of names that led here; empty for what the stack names.
	Why []string `json:"why,omitempty"`
	// Host marks a tool: built for the build platform, never shipped. Arch
	// says for which build platform this evaluation is.
	Host bool   `json:"host,omitempty"`
	Arch string `json:"arch,omitempty"`
	// Shipped says whether the component is part of the image. Without it, it
	// serves builds only.
	Shipped bool     `json:"shipped,omitempty"`
	Tools   []string `json:"tools,omitempty"` // host components that its steps run
	Build   []string `json:"build,omitempty"`
	Link    []string `json:"link,omitempty"`
	Run     []string `json:"run,omitempty"`
	// Env names the target components whose trees its steps see, and Apt the
	// target packages: its own build and link needs, and the link needs of all
	// that it links to.
	Env     []string `json:"env,omitempty"`
	Apt     []Link   `json:"apt,omitempty"`
	HostApt []Link   `json:"host_apt,omitempty"` // packages of the build platform
	Date    int64    `json:"date,omitempty"`     // of its source, as a Unix time
	World   string   `json:"world,omitempty"`    // the Python world that it adds packages to
	Sources []Source `json:"sources,omitempty"`
	Steps   []Step   `json:"steps,omitempty"`
}

// ID names a component within a plan: a host tool and a target component of
// one name are two.
func (c *Component) ID() string {
	if c.Host {
		return c.Name + "@host-" + c.Arch
	}
	return c.Name
}

// Title is the component's name with its version.
func (c *Component) Title() string {
	if c.Version == "" {
		return c.Name
	}
	return c.Name + " " + c.Version
}

// Source is something a step finds under /src.
type Source struct {
	To         string `json:"to"`
	Git        string `json:"git,omitempty"`
	Ref        string `json:"ref,omitempty"` // tag or branch, for people
	Commit     string `json:"commit,omitempty"`
	Submodules bool   `json:"submodules,omitempty"`
	HostKey    string `json:"host_key,omitempty"` // of the ssh server
	HTTP       string `json:"http,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Unpack     bool   `json:"unpack,omitempty"`
	Strip      int    `json:"strip,omitempty"`
	Image      *Image `json:"image,omitempty"`
	Path       string `json:"path,omitempty"`
	Context    string `json:"context,omitempty"`
	Files      []File `json:"files,omitempty"`
	Patches    []File `json:"patches,omitempty"`
	// Replaced names the context that a user put in the source's place. What the
	// source was is then not said: it is not what was built.
	Replaced string `json:"replaced,omitempty"`
}

// File is a file of a component's folder, carried in the plan. A text that is
// not UTF-8 does not survive JSON, so Data is bytes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Mirror sends what lies under one address to another. Pins stay in force: a
// mirror changes where bytes come from, not which bytes.
type Mirror struct{ From, To string }

// Copy puts files of the build context into the image.
type Copy struct {
	From string `json:"from"`
	To   string `json:"to"`
	Mode string `json:"mode,omitempty"`
}

// Canonical returns the plan as JSON: keys in a fixed order, maps sorted,
// without white space. Equal plans give equal bytes.
func (p *Plan) Canonical() ([]byte, error) {
	b, err := encode(p, "")
	if err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	return b, nil
}

// Pretty returns the plan as indented JSON.
func (p *Plan) Pretty() ([]byte, error) { return encode(p, "  ") }

func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Digest names the plan by its content.
func (p *Plan) Digest() (string, error) {
	b, err := p.Canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Decode reads a plan from JSON and refuses one of another schema.
func Decode(data []byte) (*Plan, error) {
	p := &Plan{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("reading a plan: %w", err)
	}
	if p.Schema != Schema {
		return nil, fmt.Errorf("reading a plan: its schema is %d, this program knows %d", p.Schema, Schema)
	}
	return p, nil
}

// Component returns a component by ID.
func (p *Plan) Component(id string) (*Component, bool) {
	for i := range p.Components {
		if p.Components[i].ID() == id {
			return &p.Components[i], true
		}
	}
	return nil, false
}

// Archive returns an archive by name.
func (p *Plan) Archive(name string) (*Archive, bool) {
	for i := range p.Archives {
		if p.Archives[i].Name == name {
			return &p.Archives[i], true
		}
	}
	return nil, false
}
