package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/internal/draw"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/resolve"
)

type graphFlags struct {
	stackFlags
	buildPlatform, target string
	format, out           string
	llb                   bool
	scale                 float64
}

// graphFormats are what a graph can be written as.
func graphFormats() []string { return []string{"tree", "svg", "png", "dot", "mermaid", "json"} }

func newGraph(env Env) *cobra.Command {
	var g graphFlags
	cmd := &cobra.Command{
		Use:   "graph [CONTEXT | STACK]",
		Short: "Draw what a stack comes to",
		Long: `Graph draws the components of a stack and what they need: as a tree on the
terminal, as a picture (SVG or PNG), or for other programs (Graphviz, Mermaid,
JSON). With --llb it draws the vertices of the build instead, by component.

The critical path, in red, is the longest chain by weight. Weights are set by
kind and not measured: a heavy step 30, another compile 8, a script 3, packages 2,
anything else 0 or 1, and ten times as much under emulation. Edges that follow
from others are left out; JSON has them all.`,
		Example: `  jetson graph
  jetson graph -o plan.svg
  jetson graph --llb --build-platform linux/amd64 -o build.png
  jetson graph humble+vtk9 --jetpack 6.2 --format mermaid`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := g.positional(args); err != nil {
				return err
			}
			return g.run(cmd.Context(), env)
		},
	}
	g.register(cmd)
	f := cmd.Flags()
	f.BoolVar(&g.llb, "llb", false, "the vertices of the build, not the components of the plan")
	f.StringVarP(&g.out, "output", "o", "", "write to `FILE`; its ending says the format")
	f.StringVar(&g.format, "format", "", "`FORMAT` is tree, svg, png, dot, mermaid or json")
	f.Float64Var(&g.scale, "scale", 2, "the `SCALE` of a PNG")
	f.StringVar(&g.target, "target", "", "with --llb, `WHAT` to build: dev, runtime, test, or a component")
	f.StringVar(&g.buildPlatform, "build-platform", "", "with --llb, the builder's own `PLATFORM` (default: this machine's)")
	return cmd
}

func (g *graphFlags) run(ctx context.Context, env Env) error {
	format, err := g.chosen()
	if err != nil {
		return err
	}
	if format == "png" && g.out == "" && env.Width > 0 {
		return usagef("a PNG is not for the terminal; give it a file with -o")
	}
	r, err := g.resolveOffline(ctx, env)
	if err != nil {
		return err
	}
	if r.Plan == nil {
		env.show(r.Diags)
		return errReported
	}
	var buf bytes.Buffer
	if format == "tree" {
		s := env.screen()
		if g.out != "" {
			s = screen{w: &buf}
		}
		printTree(s, r.Plan)
	} else if err := g.draw(&buf, env, r, format); err != nil {
		return err
	}
	if g.out == "" || g.out == "-" {
		_, err := env.Stdout.Write(buf.Bytes())
		return err
	}
	return replaceFile(g.out, buf.Bytes(), 0o644)
}

// chosen is the format that was asked for, or that the file's name says.
func (g *graphFlags) chosen() (string, error) {
	format := g.format
	what := "--format"
	if format == "" && g.out != "" && g.out != "-" {
		what = "the format of " + g.out
		format = strings.TrimPrefix(filepath.Ext(g.out), ".")
		switch format {
		case "gv":
			format = "dot"
		case "mmd", "md":
			format = "mermaid"
		case "txt":
			format = "tree"
		}
	}
	if format == "" {
		format = "tree"
	}
	if format == "tree" && g.llb {
		return "", usagef("--llb takes a format other than tree, as in: jetson graph --llb -o build.svg")
	}
	if !(g.scale >= 0.2 && g.scale <= 8) { // as NaN is neither below nor above
		return "", usagef("--scale is from 0.2 to 8")
	}
	return format, oneOf(what, format, graphFormats(), diag.DidYouMean)
}

func (g *graphFlags) draw(w io.Writer, env Env, r resolve.Result, format string) error {
	var d *draw.Graph
	var path string
	if g.llb {
		lg, err := layout(r, g.buildPlatform, g.target)
		if err != nil {
			return err
		}
		d, path = drawBuild(lg)
	} else {
		d, path = drawPlan(r.Plan)
	}
	if path != "" && g.out != "" {
		fmt.Fprintln(env.Stderr, path)
	}
	switch format {
	case "svg":
		return draw.SVG(w, d)
	case "png":
		return draw.PNG(w, d, g.scale)
	case "dot":
		return draw.DOT(w, d)
	case "mermaid":
		return draw.Mermaid(w, d)
	}
	return draw.JSON(w, d)
}
