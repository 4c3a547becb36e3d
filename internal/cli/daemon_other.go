//go:build !linux

package cli

import "github.com/spf13/cobra"

// newDaemon says that there is no private builder here.
func newDaemon() *cobra.Command {
	return &cobra.Command{
		Use: "daemon", Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			return usagef("the private builder runs on Linux alone; name another with --builder or BUILDKIT_HOST")
		},
	}
}
