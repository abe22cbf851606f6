#!/usr/bin/env python3
"""Runs what a page tells its reader to type: run.py PROGRAMS PAGE

Blocks of ```console hold commands behind `$ ` and what they print; blocks of ```sh are scripts. All of a page's commands
run one after another, at a terminal of 80 columns, against the rehearsal registrar, in a mount namespace of their own: what
they write to /etc, /home or /srv goes with it. A command has to end with 0 (or with what stands behind `# ends with`), and to
print what the page says, but for dates, numbers and codes. A block of ```sh by-itself names scripts that run elsewhere.
"""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FENCE = re.compile(r"^```(\S*) ?(.*)$")


def blocks(page):
    """The language, the rest of the line and the lines of each block."""
    found, current = [], None
    for line in open(page, encoding="utf-8"):
        line = line.rstrip("\n")
        if match := FENCE.match(line):
            if current is None:
                current = (match[1], match[2], [])
            else:
                found.append(current)
                current = None
        elif current is not None:
            current[2].append(line)
    return found


def commands(page):
    """Each command, and the lines that it prints according to the page; None where the page does not say."""
    for language, more, lines in blocks(page):
        if language == "sh" and more == "by-itself":
            for line in lines:
                script = line.split("#")[0].split()[0]
                if not os.access(os.path.join(ROOT, script), os.X_OK):
                    sys.exit(f"{page} names {script}, which is not there")
        elif language == "sh":
            yield "\n".join(lines), None
        elif language == "console":
            command, printed = None, []
            for line in lines:
                if line.startswith("$ "):
                    if command is not None:
                        yield command, printed
                    command, printed = line[2:], []
                else:
                    printed.append(line)
            yield command, printed


def normal(lines):
    """Without what differs from run to run."""
    result = []
    for line in lines:
        line = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", line)
        line = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "UUID", line)
        line = re.sub(r"\b[A-Z0-9]{4}(-[A-Z0-9]{4}){8,}\b", "CODE", line)
        line = re.sub(r"\d+(\.\d+)?", "#", line)
        line = re.sub(r"\s+", " ", line).strip()
        # The reader's registrar is the built-in one.
        if line and "profile" not in line:
            result.append(line)
    return result


class Registrar:
    """The rehearsal registrar, under the name of the built-in one."""

    def __init__(self, programs):
        self.process = subprocess.Popen([programs + "/rekeep-rehearsal"], stdout=subprocess.PIPE)
        opening = json.loads(self.process.stdout.readline())
        self.url = opening["url"]
        account = opening["accounts"]["domainnameapi"]
        self.reseller, self.keys = account["account"], {"live": [account["live"]], "test": [account["test"]]}

    def new_key(self, environment):
        body = json.dumps({"account": self.reseller, "environment": environment}).encode()
        request = urllib.request.Request(self.url + "/admin/keys", body)
        return json.load(urllib.request.urlopen(request))["value"]

    def profile(self):
        text = open(ROOT + "/Sources/rekeep-courier/Profiles/domainnameapi.yaml").read()
        for environment in ("live", "test"):
            # Two environments never share a host.
            url = self.url if environment == "live" else self.url.replace("127.0.0.1", "localhost")
            text = re.sub(
                rf"({environment}: )\"?https://[^\s,\"}}]+\"?", rf'\1"{url}/domainnameapi/{environment}/api/v1"', text)
        return text.replace("activation_window: 2m", "activation_window: 1s")


class Reader:
    """Somebody at the terminal who answers what is asked."""

    def __init__(self, registrar):
        self.registrar = registrar
        self.first = True

    def answer(self, question, shown):
        if re.search(r"(New passphrase|The same again|Passphrase or recovery code): $", question):
            return "made-up passphrase"
        if question.endswith("Reseller ID: "):
            return self.registrar.reseller
        if question.endswith("API key (not shown): "):
            if self.first:
                self.first = False
                return self.registrar.keys["live"][0] + "\u200b"
            environment = re.findall(r"Rotation of [^/\s]+/(\w+)/", shown)[-1]
            return self.registrar.new_key(environment)
        if question.endswith("[y/N] "):
            return "y"
        return None

    def run(self, command):
        """Runs it with bash; gives back its status and what the terminal showed."""
        process, terminal = pty.fork()
        if process == 0:
            os.execv("/usr/bin/bash", ["bash", "-euo", "pipefail", "-c", command])
        subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=terminal)
        shown, asked, answers = b"", 0, 0
        while True:
            try:
                if not select.select([terminal], [], [], 120)[0] or answers > 20:
                    os.killpg(process, 9)
                chunk = os.read(terminal, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                break
            shown += chunk
            question = shown[asked:].decode(errors="replace")
            if (answer := self.answer(question, shown.decode(errors="replace"))) is not None:
                answers += 1
                asked = len(shown)
                os.write(terminal, answer.encode() + b"\r")
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode(errors="replace")


def prepare(registrar, programs, page):
    """A machine on which the page's reader could be."""
    os.makedirs("/home/me/.config/rekeep/providers")
    with open("/home/me/.config/rekeep/providers/domainnameapi.yaml", "w") as file:
        file.write(registrar.profile())
    for name in os.listdir(programs):
        if name.startswith("rekeep") and "." not in name:
            os.symlink(f"{programs}/{name}", f"/usr/local/bin/{name}")
    for path in ("/srv/cron", "/srv/whmcs", "/etc/credstore.encrypted", "/var/backups", "/etc/rekeep"):
        os.makedirs(path, exist_ok=True)
    with open("/usr/local/sbin/whmcs-hand-on", "w") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write("#!/bin/sh\nexit 0\n")
    os.environ.clear()
    os.environ.update({
        "HOME": "/home/me", "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1"})
    os.chdir("/home/me")
    if os.path.basename(page) == "README.md":
        return
    # The other pages begin where the readme ends.
    with open("Makefile", "w") as file:
        file.write("deploy:\n\t@test -n \"$$DOMAINNAMEAPI_KEY\"\n")

    def rekeep(*words, given=None):
        subprocess.run(["rekeep", *words], input=given, text=True, check=True, stdout=subprocess.DEVNULL)

    values = {name: json.dumps({"reseller_id": registrar.reseller, "api_key": keys[0]})
              for name, keys in registrar.keys.items()}
    rekeep("init", "--identity-out", "/home/me/identity", "--recovery-out", "/home/me/recovery")
    os.environ["REKEEP_IDENTITY"] = "/home/me/identity"
    rekeep("add", "whmcs/live/domainnameapi", "--input", "-", given=values["live"])
    rekeep("add", "shop/test/domainnameapi", "--input", "-", given=values["test"])
    for name in ("whmcs/live", "shop/test"):
        rekeep("target", "add", name, "--path", f"/srv/{name.replace('/', '-')}.env")
    rekeep("deploy")
    rekeep("slot", "keygen", "/home/me/alice")
    rekeep("slot", "add", "identity", "--name", "alice", "--out", "/home/me/alice2")
    rekeep("slot", "add", "identity", "--name", "bob", "--out", "/home/me/bob")
    os.environ["REKEEP_CI_IDENTITY"] = open("/home/me/identity").read()
    Reader.first = False


def isolate():
    """What is written to these goes with the namespace."""
    if "REKEEP_DOCS" not in os.environ:
        words = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        os.environ["REKEEP_DOCS"] = "1"
        os.execvp("unshare", words + [sys.executable, *sys.argv])
    base = tempfile.mkdtemp(prefix="rekeep-docs-")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", base], check=True)
    for path in ("/etc", "/home", "/run", "/srv", "/usr/local", "/var"):
        upper, work = f"{base}{path}/upper", f"{base}{path}/work"
        os.makedirs(upper)
        os.makedirs(work)
        subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path],
            check=True)
    return base


def main():
    base = isolate()
    programs, page = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
    registrar = Registrar(programs)
    wrong, count = 0, 0
    try:
        prepare(registrar, programs, page)
        reader = Reader(registrar)
        reader.first = os.path.basename(page) == "README.md"
        for command, printed in commands(page):
            count += 1
            wanted = int(match[1]) if (match := re.search(r"# ends with (\d+)$", command)) else 0
            status, shown = reader.run(command)
            lines = shown.replace("\r", "").split("\n")
            if status != wanted or printed is not None and normal(lines) != normal(printed):
                wrong += 1
                print(f"{sys.argv[2]}: {command}\nends with {status} and prints:\n" + "\n".join(lines))
    finally:
        registrar.process.kill()
        subprocess.run(["umount", "-l", base])
        shutil.rmtree(base, ignore_errors=True)
    print(f"{sys.argv[2]}: {count} commands, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
