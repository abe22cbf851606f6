"""As shell.sh, for the readers in Python and for systemd's: read.py python-dotenv|decouple|systemd."""
import ctypes
import re
import sys
import logging

logging.disable(logging.CRITICAL)


def python_dotenv(path):
    import dotenv
    return {name: value for name, value in dotenv.dotenv_values(path).items() if value is not None}


def decouple(path):
    import decouple as module
    return module.RepositoryEnv(path).data


class Systemd:
    def __init__(self):
        import glob
        self.library = ctypes.CDLL(glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so")[0])
        self.library.load_env_file.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_char_p))]

    def __call__(self, path):
        result = ctypes.POINTER(ctypes.c_char_p)()
        error = self.library.load_env_file(None, path.encode(), ctypes.byref(result))
        if error < 0:
            raise OSError(-error)
        found, index = {}, 0
        while result and result[index]:
            name, _, value = result[index].partition(b"=")
            index += 1
            # A service gets only what has a name.
            if re.fullmatch(rb"[A-Za-z_][A-Za-z0-9_]*", name):
                found[name.decode()] = value.decode()
        return found


read = {"python-dotenv": python_dotenv, "decouple": decouple}.get(sys.argv[1]) or Systemd()
for line in sys.stdin:
    try:
        found = read(line.rstrip("\n"))
        sys.stdout.write("".join(f"{name}={value}\0" for name, value in found.items()) + "\1ok\0")
    except Exception:
        sys.stdout.write("\1failed\0")
    sys.stdout.flush()
