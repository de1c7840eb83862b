package socket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// haveAbstract: the abstract socket namespace is Linux's own.
const haveAbstract = runtime.GOOS == "linux"

// listenIPC binds a Unix domain socket. libzmq unlinks whatever it finds at
// the path, a live server's socket included; we replace only a socket that
// nobody listens on any more.
func listenIPC(e endpoint) (net.Listener, string, error) {
	path := e.name
	if path == "*" {
		path = filepath.Join(os.TempDir(), "zrpc-"+strings.ToLower(rand.Text()[:12])+".sock")
		if len(path) > maxIPCPath {
			return nil, "", fmt.Errorf("temporary path %s is longer than %d bytes", path, maxIPCPath)
		}
	}
	if path[0] == '@' {
		ln, err := net.Listen("unix", path)
		if err != nil {
			return nil, "", listenError(err)
		}
		return ln, "ipc://" + path, nil
	}
	// Two processes that both find the stale file must not both replace it:
	// the second would unlink the first one's new socket.
	unlock := lockDir(filepath.Dir(path))
	defer unlock()
	ln, err := net.Listen("unix", path)
	if errors.Is(err, errnoInUse) {
		if err := removeStale(path); err != nil {
			return nil, "", err
		}
		ln, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, "", listenError(err)
	}
	// net unlinks by name on close; we unlink only what is still our own file.
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	info, err := os.Lstat(path)
	if err != nil {
		_ = ln.Close()
		return nil, "", err
	}
	return &ipcListener{Listener: ln, path: path, info: info}, "ipc://" + path, nil
}

// dialIPC makes one attempt to connect.
func dialIPC(ctx context.Context, e endpoint) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, "unix", e.name)
}

// removeStale removes a socket file that refuses connections. Everything else,
// a live socket, a plain file or one that we may not look at, stays.
func removeStale(path string) error {
	before, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone meanwhile
	}
	if err != nil {
		return err
	}
	if before.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%w: %s is a file and no socket", ErrAddressInUse, path)
	}
	nc, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = nc.Close()
		return fmt.Errorf("%w: a process is listening on it", ErrAddressInUse)
	}
	if !errors.Is(err, errnoRefused) {
		return fmt.Errorf("%w: %w", ErrAddressInUse, err)
	}
	after, err := os.Lstat(path)
	if err != nil || !os.SameFile(before, after) {
		return fmt.Errorf("%w: it has just been taken", ErrAddressInUse)
	}
	return os.Remove(path)
}

// ipcListener removes its socket file when it is closed.
type ipcListener struct {
	net.Listener
	path string
	info fs.FileInfo // the file we made
	once sync.Once
}

// Close stops listening and removes the file, unless another process has put
// its own at the path since.
func (l *ipcListener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		// Removed first: nobody can then see a file that refuses connections.
		if now, e := os.Lstat(l.path); e == nil && os.SameFile(now, l.info) {
			_ = os.Remove(l.path)
		}
		err = l.Listener.Close()
	})
	return err
}
