/**
 * The lock helper in Python 3, standard library only.
 *
 * @module
 */

/** Speaks the protocol of flock-helper.ts on its standard input and output. */
export const PYTHON_HELPER = `
import fcntl, os, signal

for name in ('SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
files, children, turns = {}, {}, {}

def tell(*words):
    os.write(1, (' '.join(map(str, words)) + '\\n').encode())

def drop(n):
    child = children.pop(n, None)
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        del turns[child]
    fd = files.pop(n, None)
    if fd is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)

def wait_in_child(n, how, helper):
    try:
        os.close(0)
        for other, fd in files.items():
            if other != n:
                os.close(fd)
        fcntl.flock(files[n], how)
        if os.getppid() == helper:
            tell('G', n)
    except OSError as error:
        tell('E', n, error.errno)
    finally:
        os._exit(0)

def wait_for(n, how):
    helper = os.getpid()
    child = os.fork()
    if not child:
        wait_in_child(n, how, helper)
    children[n] = child
    turns[child] = n

def take(n, mode, path):
    how = fcntl.LOCK_SH if mode == 's' else fcntl.LOCK_EX
    try:
        files[n] = os.open(bytes.fromhex(path), os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(files[n], how | fcntl.LOCK_NB)
        except BlockingIOError:
            return wait_for(n, how)
        tell('G', n)
    except OSError as error:
        tell('E', n, error.errno)

def reap():
    while turns:
        child = os.waitpid(-1, os.WNOHANG)[0]
        if not child:
            return
        children.pop(turns.pop(child), None)

tell('R')
pending = b''
while True:
    got = os.read(0, 65536)
    if not got:
        break
    reap()
    *lines, pending = (pending + got).split(b'\\n')
    for line in lines:
        word, n, *rest = line.decode().split(' ')
        if word == 'L':
            take(int(n), *rest)
            continue
        drop(int(n))
        if word == 'C':
            tell('D', int(n))
for child in turns:
    os.kill(child, signal.SIGKILL)
`
