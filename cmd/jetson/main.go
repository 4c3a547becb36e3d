// Command jetson builds container images for NVIDIA Jetson from stack files.
package main

import (
	"os"

	"github.com/org/jetson-frontend/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.System())) }
