package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"syscall"
	"testing"
)

// A wait for input ends with the context: nobody may ever write.
func TestReadingEndsWithTheContext(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	in, out := io.Pipe()
	defer out.Close()
	env, _, _ := testEnv("")
	env.Stdin = in
	for name, read := range map[string]func(context.Context) error{
		"standard input": func(ctx context.Context) error {
			_, err := (&stackFlags{file: "-"}).read(ctx, env)
			return err
		},
		"a pipe": func(ctx context.Context) error {
			_, err := (&stackFlags{file: pipe}).read(ctx, env)
			return err
		},
		"fmt": func(ctx context.Context) error { return new(fmtFlags).run(ctx, env, []string{"-"}) },
		"a prompt": func(ctx context.Context) error {
			_, err := dialog{ctx, env, bufio.NewReader(in)}.line("what", "", nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := read(ctx); !errors.Is(err, errInterrupted) {
				t.Errorf("reading ended with %v", err)
			}
		})
	}
}
