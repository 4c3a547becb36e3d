package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/jetson-frontend/stacks/catalog"
	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/platform"
	"github.com/org/jetson-frontend/stacks/tree"
)

// shells are those for which a completion script can be made.
func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func newCompletion(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for a shell",
		Long: `Completion prints a script that completes verbs, flags, and the names of
components, releases and devices in bash, zsh, fish or powershell.`,
		Example: `  source <(jetson completion bash)
  jetson completion zsh > "${fpath[1]}/_jetson"
  jetson completion fish > ~/.config/fish/completions/jetson.fish`,
		ValidArgs: shells(),
		Args:      oneName("the name of a shell: " + strings.Join(shells(), ", ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(env.Stdout)
			}
			return oneOf("the shell", args[0], shells(), diag.DidYouMean)
		},
	}
}

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeComponent completes the name of a component.
func completeComponent(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return componentWords(), cobra.ShellCompDirectiveNoFileComp
}

// completeStack completes a shorthand, behind its last plus sign.
func completeStack(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	done := typed[:strings.LastIndexByte(typed, '+')+1]
	var out []string
	for _, w := range componentWords() {
		out = append(out, done+w)
	}
	return out, cobra.ShellCompDirectiveNoSpace
}

func componentWords() []string {
	cat, err := catalog.Embedded()
	if err != nil {
		return nil
	}
	return sortedNames(cat.Words())
}

func completeWords(words func(db *platform.DB) []string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		db, diags := platform.Embedded()
		if diags.HasErrors() {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return sortedNames(words(db)), cobra.ShellCompDirectiveNoFileComp
	}
}

func jetpackNames(db *platform.DB) []string {
	var out []string
	for i := range db.Releases {
		out = append(out, db.Releases[i].Names()...)
	}
	return out
}

func deviceNames(db *platform.DB) []string {
	var out []string
	for _, d := range db.Devices {
		out = append(out, d.Name.V)
	}
	for _, s := range db.SoCs {
		out = append(out, s.Name.V)
	}
	return out
}

func platformNames(db *platform.DB) []string {
	out := []string{"linux/arm64", "linux/amd64"}
	for _, d := range db.Distributions {
		out = append(out, d.Name.V)
	}
	for _, r := range db.Releases {
		out = append(out, "jetpack-"+r.JetPack.V)
	}
	return out
}

// completeFlags attaches completions to the flags that many verbs share.
func completeFlags(cmd *cobra.Command) {
	for name, fn := range map[string]completer{
		"jetpack": completeWords(jetpackNames), "device": completeWords(deviceNames), "platform": completeWords(platformNames),
	} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, fn) // fails only if done twice
		}
	}
}

// texts are the strings of a list.
func texts[T ~[]tree.Text](t T) []string { return tree.Strings(t) }
