package cli

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/internal/daemon/server"
)

// newDaemon is the private builder itself. Nobody types it: build and builder
// start it.
func newDaemon() *cobra.Command {
	o := server.Options{}
	cmd := &cobra.Command{
		Use:    "daemon",
		Short:  "Run the private builder in the foreground",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Paths.Root == "" || o.Paths.Run == "" || o.Runc == "" {
				return usagef("jetson daemon needs --root, --run and --runc; start a builder with: jetson builder start")
			}
			// A terminal that closes is no reason to end.
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
			o.Log = logrus.StandardLogger() // BuildKit's own, so that there is one log
			o.Log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
			err := server.Run(cmd.Context(), o)
			if err != nil {
				o.Log.Error(err)
				if rerr := o.Paths.ReportFailure(err); rerr != nil {
					fmt.Fprintln(os.Stderr, rerr)
				}
				return errReported
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Paths.Root, "root", "", "where the state is kept")
	f.StringVar(&o.Paths.Run, "run", "", "where the socket and the locks are")
	f.StringVar(&o.Runc, "runc", "", "the runc to run steps with")
	f.DurationVar(&o.Idle, "idle", server.DefaultIdle, "end after this time without work; 0 is never")
	f.BoolVar(&o.Rootless, "rootless", false, "root is only so in a user namespace")
	f.IntVar(&o.Owner, "owner", 0, "the user whose builder it is")
	f.BoolVar(&o.PrivateMounts, "private-mounts", false, "the mount namespace is the daemon's own")
	return cmd
}
