package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// checked is what `check` says for scripts.
type checked struct {
	OK         bool      `json:"ok"`
	Platform   string    `json:"platform,omitempty"`
	Components int       `json:"components"`
	Findings   []finding `json:"findings"`
}

func newCheck(env Env) *cobra.Command {
	var s stackFlags
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "check [CONTEXT | STACK]",
		Short: "Say what is wrong with a stack, without building it",
		Long: `Check reads a stack and all that it asks for, and says what is wrong, with the
line and what would mend it, and what of the build context is not there. It
builds nothing and looks nothing up. It ends with 1 if something is wrong; with
--strict, also if there is a warning.`,
		Example: `  jetson check
  jetson check -f stack.toml --strict
  jetson check flann+qhull --platform debian-12
  jetson check --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.positional(args); err != nil {
				return err
			}
			r, err := s.resolveOffline(cmd.Context(), env)
			if err != nil {
				return err
			}
			absent, err := s.absent(cmd.Context(), env, r, "")
			if err != nil {
				return err
			}
			r.Diags = append(r.Diags, absent...).Sorted()
			failed := r.Diags.HasErrors() || strict && len(r.Diags) > 0
			if asJSON {
				out := checked{OK: !failed, Findings: findings(r.Diags)}
				if r.Plan != nil {
					out.Platform, out.Components = r.Plan.Platform.Name, len(r.Plan.Components)
				}
				if err := env.json(out); err != nil {
					return err
				}
			} else {
				env.show(r.Diags)
			}
			if failed {
				return errReported
			}
			if !asJSON {
				fmt.Fprintf(env.Stderr, "%s: ok, %s for %s\n", s.title(), components(r.Plan), r.Plan.Platform.Name)
			}
			return nil
		},
	}
	s.register(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "end with 1 if there is a warning")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// title names the stack in messages.
func (s *stackFlags) title() string {
	if s.shorthand != "" {
		return s.shorthand
	}
	if p := s.path(); p != "" {
		return p
	}
	return "standard input"
}
