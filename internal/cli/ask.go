package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/org/jetson-frontend/stacks"
	"github.com/org/jetson-frontend/stacks/diag"
)

// dialog asks on the terminal.
type dialog struct {
	ctx context.Context
	env Env
	in  *bufio.Reader
}

// line asks once. An empty answer is the default; a question mark calls help
// and asks again; at the end of the input nothing is left to ask.
func (d dialog) line(question, def string, help func()) (string, error) {
	for {
		hint := ""
		if def != "" {
			hint = " [" + def + "]"
		}
		fmt.Fprintf(d.env.Stderr, "%s%s (? for a list): ", question, hint)
		text, err := await(d.ctx, func() (string, error) { return d.in.ReadString('\n') })
		if errors.Is(err, errInterrupted) {
			fmt.Fprintln(d.env.Stderr)
			return "", err
		}
		if err != nil && (err != io.EOF || text == "") {
			fmt.Fprintln(d.env.Stderr)
			return "", usagef("no answer, nothing written")
		}
		switch text = strings.TrimSpace(text); text {
		case "?":
			help()
		case "":
			return def, nil
		default:
			return text, nil
		}
	}
}

// ask finds out what the flags did not say: the platform, the device and the
// components. A wrong answer is explained and asked for again.
func (i *initFlags) ask(ctx context.Context, env Env) (string, error) {
	d := dialog{ctx, env, bufio.NewReader(io.LimitReader(env.Stdin, 1<<16))}
	// The lists go where the questions do; standard output may be the file.
	lists := env
	lists.Stdout = env.Stderr
	s, err := i.askPlatform(d, lists)
	if err != nil {
		return "", err
	}
	for {
		shorthand, err := d.line("components, joined with +", "", func() {
			all, _ := s.cat.All()
			l := listFlags{targetFlags: i.targetFlags}
			if items, err := l.pick(s, all, nil); err == nil {
				printListed(lists.screen(), items, s.target.String())
			}
		})
		if err != nil {
			return "", err
		}
		refs, diags := stacks.ParseRefs("answer", strings.Join(strings.Fields(shorthand), "+"))
		if !diags.HasErrors() && len(refs) > 0 {
			diags = s.resolve(refs).Diags.Errors()
		}
		if shorthand != "" && !diags.HasErrors() {
			return strings.Join(strings.Fields(shorthand), "+"), nil
		}
		env.show(diags)
	}
}

func (i *initFlags) askPlatform(d dialog, lists Env) (*shelf, error) {
	bare, err := new(targetFlags).open()
	if err != nil {
		return nil, err
	}
	for {
		asked := !i.given()
		if asked {
			def := ""
			if rs := bare.releases(); len(rs) > 0 {
				def = rs[0].JetPack.V
			}
			answer, err := d.line("which release of JetPack, or platform", def, func() { _ = listReleases(lists, bare, false) })
			if err != nil {
				return nil, err
			}
			i.jetpack, i.platform = answer, ""
			if _, ok := bare.db.Distribution(answer); ok || strings.Contains(answer, "-") {
				i.jetpack, i.platform = "", answer
			}
			if i.platform == "" {
				if i.device, err = d.line("which device (none: all of the release)", "", func() { _ = listDevices(lists, bare, false) }); err != nil {
					return nil, err
				}
			}
		}
		s, err := i.open()
		if err == nil {
			return s, nil
		}
		list, ok := diag.From(err)
		if !ok || !asked {
			return nil, err
		}
		d.env.show(list)
		i.jetpack, i.platform, i.device = "", "", ""
	}
}
