package cli

import (
	"fmt"
	"io"
)

func genDoc(args []string, stdout, stderr io.Writer) int { fmt.Fprintln(stderr, args); return 2 }
