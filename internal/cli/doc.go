// Package cli is the zrpc command: zerorpc's command line, and what goes beyond it.
//
// A command line goes through [Main] to [Parse] (options.go, argparse.go), then to the client (client.go: params.go
// before the call, print.go after it; inspect.go and describe.go for listings) or to the server (server.go). Every
// outcome becomes an exit code in one place, report.go.
//
// What is printed on standard output is zerorpc's, byte for byte. By design different from zerorpc are: the exit codes
// (zerorpc: 0, 1 and 255), the wording of usage and errors (zerorpc: a Python traceback), options between positionals
// (argparse gives up), and params that begin with @ or are - (files and standard input; --literal turns that off).
package cli
