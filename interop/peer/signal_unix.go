//go:build unix

package peer

import "syscall"

// Pause stops the process as SIGSTOP does: its sockets stay open and silent.
func (p *Process) Pause() {
	p.t.Helper()
	p.paused.Store(true)
	p.signal(syscall.SIGSTOP)
}

// Resume lets a paused process go on.
func (p *Process) Resume() {
	p.t.Helper()
	p.paused.Store(false)
	p.signal(syscall.SIGCONT)
}

func (p *Process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%v to %s: %v", s, p.name, err)
	}
}
