package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck(env Env) *cobra.Command {
	var s stackFlags
	cmd := &cobra.Command{
		Use:   "check [CONTEXT | STACK]",
		Short: "Say what is wrong with a stack, without building it",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.positional(args); err != nil {
				return err
			}
			r, err := s.resolveOffline(env)
			if err != nil {
				return err
			}
			env.show(r.Diags)
			if r.Diags.HasErrors() {
				return errReported
			}
			fmt.Fprintf(env.Stderr, "%s: ok, %d components for %s\n", s.title(), len(r.Plan.Components), r.Plan.Platform.Name)
			return nil
		},
	}
	s.register(cmd.Flags())
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
