package cli

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/internal/services"
	"github.com/zrpc-go/zrpc/zrpc"
)

// scripts are what the shells load, one file each, named as the shell.
//
//go:embed completion/*
var scripts embed.FS

// shells are the shells that there is a script for.
var shells = []string{"bash", "zsh", "fish"}

// completionTimeout is how long a shell waits for method names: longer than a round trip around the world, short
// enough that a dead address does not freeze the prompt.
const completionTimeout = 2 * time.Second

// completion prints a shell's script. The scripts call "completion words -- WORD…", with the words of the command
// line up to the one to complete, and get the candidates: one a line, with a tab and a description.
func (e *Env) completion(args []string) int {
	if len(args) > 1 && args[0] == "words" && args[1] == "--" {
		for _, c := range candidates(args[2:]) {
			fmt.Fprintf(e.Stdout, "%s\t%s\n", c.word, c.help)
		}
		return exitOK
	}
	if len(args) == 1 {
		if script, err := scripts.ReadFile("completion/" + args[0]); err == nil {
			if err := e.print(string(script)); err != nil {
				return e.report(new(Options), err)
			}
			return exitOK
		}
	}
	fmt.Fprintf(e.Stderr, "zrpc: error: completion for which shell? There are: %s\n", strings.Join(shells, ", "))
	return exitUsage
}

// candidate is a word that may stand where the cursor is.
type candidate struct{ word, help string }

// candidates returns what may replace the last of words.
func candidates(words []string) (found []candidate) {
	if len(words) == 0 {
		return nil
	}
	// What the user has typed so far decides; nothing is said to the user, as a shell has no place for it.
	before, current := words[:len(words)-1], words[len(words)-1]
	offer := func(word, help string) {
		if strings.HasPrefix(word, current) {
			found = append(found, candidate{word, help})
		}
	}
	switch {
	case len(before) == 0 && !strings.HasPrefix(current, "-"):
		for _, s := range subcommands() {
			offer(s.name, s.help)
		}
	case len(before) == 1 && before[0] == "completion":
		for _, s := range shells {
			offer(s, "")
		}
	case len(before) == 1 && before[0] == "gen":
		offer("doc", "")
	case strings.HasPrefix(current, "-"):
		for _, o := range zerorpcOptions {
			for _, name := range o.names {
				offer(name, o.help)
			}
		}
	default:
		o, help, err := Parse(before)
		// A command that is there already leaves only params, which nobody but the user knows.
		if err != nil || help || o.Command != "" || len(o.Bind)+len(o.Connect) == 0 {
			return nil
		}
		if o.Server {
			for _, name := range services.Names() {
				offer(name, "")
			}
			return found
		}
		for _, m := range liveMethods(o) {
			offer(m.name, m.firstLine())
		}
	}
	return found
}

// liveMethods asks the service at o's endpoints for its methods; none if it does not answer in time. It binds nothing:
// pressing a key must not occupy a port.
func liveMethods(o *Options) []methodInfo {
	client := zrpc.NewClient(&zrpc.ClientOptions{Passive: true})
	defer client.Close()
	for _, endpoint := range o.Connect {
		if err := client.Connect(endpoint); err != nil {
			return nil
		}
	}
	// Passive: heartbeats would be of no use within two seconds.
	ctx, cancel := context.WithTimeout(context.Background(), completionTimeout)
	defer cancel()
	s, err := inspect(ctx, client, "", false)
	if err != nil {
		return nil
	}
	return s.methods
}
