package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newPlan(env Env) *cobra.Command {
	var s stackFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan [CONTEXT | STACK]",
		Short: "Show what a stack would build",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.positional(args); err != nil {
				return err
			}
			r, err := s.resolveOffline(env)
			if err != nil {
				return err
			}
			env.show(r.Diags)
			if r.Plan == nil {
				return errReported
			}
			_ = asJSON
			b, err := r.Plan.Pretty()
			if err != nil {
				return err
			}
			fmt.Fprint(env.Stdout, string(b))
			return nil
		},
	}
	s.register(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	return cmd
}
