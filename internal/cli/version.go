package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/plan"
	"github.com/org/jetson-frontend/stacks/platform"
)

// versionInfo is what this program is and carries.
type versionInfo struct {
	Version    string `json:"version"`
	Commit     string `json:"commit,omitempty"`
	Modified   bool   `json:"modified,omitempty"` // built from a tree with changes
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	BuildKit   string `json:"buildkit"`
	PlanSchema int    `json:"plan_schema"`
	Components int    `json:"components"`
	Releases   int    `json:"releases"`
}

func newVersion(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which version of the tool this is",
		Long:  `Version says which version of the tool this is, and what it carries.`,
		Example: `  jetson version
  jetson version --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			v, err := readVersion()
			if err != nil {
				return err
			}
			if asJSON {
				return env.json(v)
			}
			s := env.screen()
			s.printf("jetson %s", v.Version)
			if v.Commit != "" {
				s.printf(" (%s)", v.Commit[:min(12, len(v.Commit))])
			}
			s.printf(", %s, %s, BuildKit %s\n", v.Platform, v.Go, v.BuildKit)
			s.printf("catalog: %d components, %d releases of JetPack\n", v.Components, v.Releases)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func readVersion() (versionInfo, error) {
	v := versionInfo{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, PlanSchema: plan.Schema}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
		for _, d := range info.Deps {
			if d.Path == "github.com/moby/buildkit" {
				v.BuildKit = d.Version
			}
		}
	}
	cat, err := catalog.Embedded()
	if err != nil {
		return v, err
	}
	db, diags := platform.Embedded()
	v.Components, v.Releases = len(cat.Names()), len(db.Releases)
	return v, diags.Err()
}
