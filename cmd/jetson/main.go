// Command jetson builds container images for NVIDIA Jetson from stack files.
package main

import (
	"os"
	"runtime/debug"

	"github.com/org/jetson-frontend/internal/cli"
)

func main() {
	// Everything up to the solve is short-lived: collecting it early costs more
	// time than it saves memory.
	debug.SetGCPercent(400)
	os.Exit(cli.Main(os.Args[1:], cli.System()))
}
