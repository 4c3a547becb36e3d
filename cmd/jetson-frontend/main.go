// Command jetson-frontend is the gateway server in the frontend image: it
// compiles stack files for the buildkitd that started it, and does nothing
// else.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"

	"github.com/org/jetson-frontend/frontend"
)

func main() {
	// Everything up to the solve is short-lived: collecting it early costs more
	// time than it saves memory.
	debug.SetGCPercent(400)
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintln(os.Stderr, "jetson-frontend:", err)
		os.Exit(1)
	}
}
