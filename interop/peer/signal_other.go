//go:build !unix

package peer

// Pause needs SIGSTOP, which only Unix has.
func (p *Process) Pause() { p.t.Fatal("this system cannot stop a process") }

// Resume needs SIGCONT, which only Unix has.
func (p *Process) Resume() { p.t.Fatal("this system cannot resume a process") }
