// The zrpc command calls and serves zerorpc methods from a shell. It is the command line of package cli.
package main

import (
	"os"

	"github.com/zrpc-go/zrpc/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.System())) }
