package cli

import (
	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/schema"
)

func newSchema(env Env) *cobra.Command {
	var component bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of stack files, for editors",
		Long: `Schema prints a JSON schema (draft 7) of stack files, or of component files.
Editors complete and check with it, for instance VS Code's "Even Better TOML"
and any other that uses taplo: a line on top of the file names the schema.`,
		Example: `  jetson schema > stack.schema.json     # then, in the file: #:schema ./stack.schema.json
  jetson schema --component > component.schema.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if component {
				s, err := schema.Component()
				if err != nil {
					return err
				}
				return env.json(s)
			}
			shelf, err := new(targetFlags).open()
			if err != nil {
				return err
			}
			n, err := schema.NamesOf(shelf.cat, shelf.db)
			if err != nil {
				return err
			}
			s, err := schema.Stack(n)
			if err != nil {
				return err
			}
			return env.json(s)
		},
	}
	cmd.Flags().BoolVar(&component, "component", false, "the schema of component files instead")
	return cmd
}
