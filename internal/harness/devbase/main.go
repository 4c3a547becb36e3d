package main

import (
	"context"
	"fmt"

	"github.com/org/jetson-frontend/internal/harness"
)

func main() {
	fmt.Println(harness.DebianBase(context.Background(), "bookworm", "amd64", "arm64"))
}
