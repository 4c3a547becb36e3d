package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// help writes what a verb does, how it is called and examples, in the width of
// the terminal.
func help(env Env) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, _ []string) {
		s := env.screen()
		text := cmd.Long
		if text == "" {
			text = cmd.Short
		}
		s.printf("%s\n", strings.TrimSpace(text))
		s.title("Usage")
		use := cmd.UseLine()
		if !cmd.HasParent() {
			use = cmd.Name() + " COMMAND [flags]"
		}
		s.printf("  %s\n", use)
		if cmd.HasExample() {
			s.title("Examples")
			s.printf("%s\n", cmd.Example)
		}
		helpVerbs(s, cmd)
		if cmd.HasAvailableLocalFlags() {
			s.title("Flags")
			width := s.width
			if width == 0 {
				width = 100
			}
			s.printf("%s", cmd.LocalFlags().FlagUsagesWrapped(min(width, 120)))
		}
		if cmd.HasAvailableSubCommands() {
			s.printf("\nMore about a command: %s COMMAND --help\n", cmd.CommandPath())
		}
	}
}

// helpVerbs lists the verbs below cmd, by group.
func helpVerbs(s screen, cmd *cobra.Command) {
	widest := 0
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			widest = max(widest, len(c.Name()))
		}
	}
	list := func(title, group string) {
		t := table{indent: 2, flex: []int{1}}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && c.GroupID == group {
				t.add(fmt.Sprintf("%-*s", widest, c.Name()), c.Short)
			}
		}
		if len(t.rows) > 0 {
			s.title(title)
			t.write(s)
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	title := "Commands"
	if len(cmd.Groups()) > 0 {
		title = "Other"
	}
	list(title, "")
}
