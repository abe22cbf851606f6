"""What Scripts/crash-matrix disturbs: a vault with two applications, and each command that a rotation is made of."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAULTS = {
    "none": {}, "latency": {"latency_ms": 150}, "429": {"status": 429}, "503": {"status": 503},
    "lying": {"accepts_anything": True}, "redirect": {"redirect": "http://127.0.0.1:9/"}, "401 for a while": {"status": 401},
    "slow answers": {"answer_delay_ms": 250},
}
MODES = ("cutover", "overlap")
ISSUE = """
issue:
  request: { method: POST, url: "{{base_url}}/v1/tokens", headers: { Authorization: "Bearer {{token}}" } }
  succeeded: [{ status: 201, json: { pointer: /token, type: string } }]
  values: { token: /token }
"""


class Violation(Exception):
    pass


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Violation(otherwise)


class Registrar:
    """A rehearsal registrar of its own, as long as it is open."""

    def __init__(self, programs: Path) -> None:
        self.process = subprocess.Popen([programs / "rekeep-rehearsal"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def panel(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(f"{self.url}/admin/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Case:
    """One rotation in a directory of its own."""

    # A fault of the disk: loaded into rekeep before the C library.
    shim: Path

    def __init__(self, programs: Path, registrar: Registrar, mode: str) -> None:
        self.rekeep = programs / "rekeep"
        self.registrar, self.mode = registrar, mode
        self.home = Path(tempfile.mkdtemp(prefix="rekeep-crash-"))
        self.environment = {
            "HOME": str(self.home), "PATH": "/usr/bin:/bin", "REKEEP_VAULT": str(self.home / "vault.db"),
            "REKEEP_IDENTITY": str(self.home / "identity"), "XDG_STATE_HOME": str(self.home / "state"),
            # Timers go by the monotonic clock; where that is faked too, a sleep never ends.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        # What rekeep gives away on descriptor 3; not on the disk that fills.
        self.given = tempfile.TemporaryFile()
        self.provider = "domainnameapi" if mode == "cutover" else "bearer"
        self.field = "api_key" if mode == "cutover" else "token"
        self.account = account = registrar.panel("accounts", {"provider": self.provider})["id"]
        self.old = self.issue(account)
        url, plain = registrar.url + "/domainnameapi/live/api/v1", {"reseller_id": account}
        if mode == "overlap":
            url, plain = registrar.url + "/bearer/live", {"balance_path": "/v1/account"}
        self.shorten_activation()
        environment = self.environment
        self.environment = environment | {"REKEEP_IDENTITY": ""}
        self.do("init", "--identity-out", self.home / "identity")
        self.environment = environment
        self.address = f"shop/live/{self.provider}"
        self.write("old.json", plain | {self.field: self.old})
        self.do("add", self.address, "--base-url", url, "--input", self.home / "old.json")
        (self.home / "old.json").unlink()
        self.do("link", f"cron/live/{self.provider}", self.address)
        self.targets = [self.home / "shop.env", self.home / "cron.env"]
        self.targets[0].write_text("KEPT=1\n")
        self.do("target", "add", "shop/live", "--path", self.targets[0], "--hook", f"/usr/bin/touch {self.home}/hook-ran")
        self.targets[1].write_text("KEPT=2\n")
        self.do("target", "add", "cron/live", "--path", self.targets[1], "--in-place")
        self.do("deploy")
        (self.home / "hook-ran").unlink()
        self.new = self.issue(account)
        self.write("new.json", {self.field: self.new})
        self.rotation = [self.rekeep, "rotate", self.address, "--yes", "--input", self.home / "new.json"]
        self.command = self.rotation

    def shorten_activation(self) -> None:
        """The profiles with a window of a second and no limit: nobody waits for anything."""
        own = self.home / ".config/rekeep/providers"
        own.mkdir(parents=True)
        for profile in (ROOT / "Sources/rekeep-courier/Profiles").glob("*.yaml"):
            text = profile.read_text().replace(
                "activation_window: 2m", "activation_window: 1s\nwrong_attempts: { most: 1000, per: 10m }")
            text = re.sub("requests: [0-9]+", "requests: 1000", text)
            (own / profile.name).write_text(text + (ISSUE if profile.stem == "bearer" else ""))

    def issue(self, account: str) -> str:
        return self.registrar.panel("keys", {"account": account, "environment": "live"})["value"]

    def write(self, name: str, content: dict) -> None:
        (self.home / name).write_text(json.dumps(content))

    def run(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(word) for word in words], env=self.environment, cwd=self.home, capture_output=True, text=True,
            errors="replace")  # fmt: skip

    def do(self, *words: object) -> str:
        done = self.run(self.rekeep, *words)
        require(done.returncode == 0, f"rekeep {words[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def fault(self, name: str) -> None:
        fault = {"provider": self.provider, "environment": "live", "fault": FAULTS[name]}
        self.registrar.panel("faults", fault)

    def traced(self, *words: object, fills: bool = False) -> subprocess.CompletedProcess:
        """Runs the command under strace; with `fills`, on a disk that fills while the provider answers."""
        words = ("strace", "-f", "-qq", *words, *self.command)
        return self.run_while_disk_fills(*words) if fills else self.run(*words)

    def kill_at(self, call: str, number: int, *, fills: bool = False) -> int:
        """Runs the command, and kills it as a thread of it makes a call for the n-th time."""
        return self.traced(
            "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}",
            fills=fills).returncode  # fmt: skip

    def disk(self, where: str, number: int) -> dict[str, str]:
        """A disk that is full from the n-th write to it: that of the vault's file, or of everything."""
        return {
            "LD_PRELOAD": str(self.shim), "FAULT_CALL": "write", "FAULT_ERRNO": str(errno.ENOSPC), "FAULT_STAYS": "1",
            "FAULT_AT": str(number), "FAULT_UNDER": str(self.home / ("vault.db" if where == "vault" else "")),
            "FAULT_COUNT": str(self.beside("count")),
        }  # fmt: skip

    def beside(self, ending: str) -> Path:
        """A file that is not on the disk that fills."""
        return self.shim.parent / f"{self.home.name}.{ending}"

    def run_on_full_disk(self, where: str, number: int) -> subprocess.CompletedProcess:
        """With descriptor 3 open, for a key that can be kept nowhere."""
        return subprocess.run(
            ["sh", "-c", f'exec "$@" 3<&{self.given.fileno()}', "sh", *map(str, self.command)], cwd=self.home,
            env=self.environment | self.disk(where, number), capture_output=True, text=True, errors="replace",
            pass_fds=[self.given.fileno()])  # fmt: skip

    def run_while_disk_fills(self, *words: object) -> subprocess.CompletedProcess:
        """The vault's disk is full once the provider has issued a key, whose answer is still under way."""
        known = len(self.keys_of_account())
        self.fault("slow answers")
        full = self.beside("full")
        process = subprocess.Popen(
            [str(word) for word in words], env=self.environment | self.disk("vault", 1) | {"FAULT_SINCE": str(full)},
            cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")  # fmt: skip
        while process.poll() is None and len(self.keys_of_account()) == known:
            time.sleep(0.01)
        full.touch()
        out, err = process.communicate()
        full.unlink()
        self.fault("none")
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def count_writes(self, where: str) -> int:
        done = self.run_on_full_disk(where, 0)
        require(done.returncode == 0, done.stderr)
        return int(self.beside("count").read_text())

    def keys_of_account(self) -> list[dict]:
        keys = self.registrar.panel("state", {})["keys"]
        return [key for key in keys if key["account"] == self.account and not key["isRevoked"]]

    def stored(self) -> set[str]:
        """Every value that the vault still has, and what it gave away."""
        versions = json.loads(self.do("show", self.address, "--json"))["versions"]
        kept = {
            self.do("show", self.address, "--version", version["version"], "--field", self.field)
            for version in versions if version["state"] != "retired"
        }  # fmt: skip
        return kept | self.given_away()

    def given_away(self) -> set[str]:
        content = os.pread(self.given.fileno(), 1 << 16, 0).decode()
        return {json.loads(line)[self.field] for line in content.splitlines()}

    def lost_nothing(self) -> None:
        """No key that the provider ever answered ok for is lost while it lives."""
        stored = self.stored()
        for key in self.keys_of_account():
            require(key["uses"] == 0 or key["value"] in stored, "a key that was accepted is nowhere")

    def kill_after(self, seconds: float) -> int:
        process = subprocess.Popen(
            [str(word) for word in self.command], env=self.environment, cwd=self.home, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait()

    def state(self) -> str:
        """What the journal says, after everything that must hold at any moment has been looked at."""
        self.do("verify")
        open_ = json.loads(self.do("rotate", "--status", "--json"))
        current = self.do("show", self.address, "--field", self.field)
        require(current in (self.old, self.new), "the current key is neither the old one nor the new")
        state = open_[0]["state"] if open_ else "over" if current == self.new else "not begun"
        promoted = state in ("promoted", "delivering", "grace", "retiring", "over")
        require(promoted == (current == self.new), f"{state}, and the current key is not the newest proved")
        versions = json.loads(self.do("show", self.address, "--json"))["versions"]
        stored = 1 if state == "not begun" else 2
        require(len(versions) == stored, f"{state}, and {len(versions)} versions are stored")
        self.recover()
        for target in self.targets:
            text = target.read_text()
            held = [key for key in (self.old, self.new) if f"={key}\n" in text]
            require(len(held) == 1 and text.endswith("\n"), f"{target.name} is torn")
            require(promoted or held == [self.old], f"{target.name} has a key that is not current")
        for number, target in enumerate(self.targets, 1):
            require(f"KEPT={number}\n" in target.read_text(), f"another line of {target.name} is gone")
        self.lost_nothing()
        return state

    def recover(self) -> None:
        """Whatever a write in place left, the next command that looks at the file makes it whole."""
        journal = self.home / ".cron.env.rekeep-journal"
        if journal.exists():
            self.run(self.rekeep, "drift", "cron/live")
            require(not journal.exists(), "a write in place was not finished")

    def finish(self) -> None:
        for _ in range(4):
            resumed = self.run(self.rekeep, "rotate", "--resume", self.address)
            if resumed.returncode == 66 and self.state() == "not begun":
                # It died before the new key was durable: whoever pasted it pastes it again.
                resumed = self.run(*self.rotation)
            if resumed.returncode in (0, 66):
                break
        else:
            raise Violation(f"the rotation cannot be finished: {resumed.returncode} {resumed.stderr}")
        require(self.state() in ("grace", "retiring", "over"), "the rotation is not finished")
        require((self.home / "hook-ran").exists(), "the hook has not run")
        self.settled(self.new)

    def settled(self, current: str) -> None:
        """What must hold in the end, whatever was done."""
        require(self.do("show", self.address, "--field", self.field) == current, "another key is current")
        self.lost_nothing()
        for target in self.targets:
            require(f"={current}\n" in target.read_text(), f"{target.name} does not have the current key")
        self.do("drift")
        self.do("check", self.address)
        self.do("log", "--verify")
        allowed = {self.home / "new.json", *self.targets}
        for path in self.home.rglob("*"):
            require("rekeep-" not in path.name, f"{path.name} is left")
            if path.is_file() and path not in allowed:
                content = path.read_bytes()
                for key in (self.old, self.new):
                    require(key.encode() not in content, f"a key is in {path.name}")

    def close(self) -> None:
        self.given.close()
        shutil.rmtree(self.home, ignore_errors=True)
        self.beside("count").unlink(missing_ok=True)


class Command:
    """A command that is disturbed: how it comes to that, what must hold right after, and how it ends."""

    modes: tuple[str, ...] = MODES
    # Set when it was killed: an answer may not have arrived then.
    was_killed = False

    def __init__(self, case: Case) -> None:
        self.case = case
        self.rekeep = case.rekeep

    def prepare(self) -> None:
        pass

    def repeat(self, good: tuple[int, ...] = (0,)) -> None:
        """The command again, and once more for what only a second run can do."""
        for _ in range(2):
            done = self.case.run(*self.case.command)
            if done.returncode in good:
                return
        raise Violation(f"{self.case.command[1:3]} cannot be finished: {done.returncode} {done.stderr}")

    def stage(self) -> None:
        self.case.fault("503")
        stopped = self.case.run(*self.case.rotation)
        require(stopped.returncode == 69, stopped.stderr)
        self.case.fault("none")

    def rotate(self) -> None:
        rotated = self.case.run(*self.case.rotation)
        require(rotated.returncode == 0, rotated.stderr)

    def look(self) -> str | None:
        """What must hold right after the disturbance. Says in what state a rotation was found, if that is looked at."""
        self.case.do("verify")
        self.case.do("check", self.case.address)
        self.case.recover()
        for target in self.case.targets:
            text = target.read_text()
            keys = re.findall(r"^\w+_(?:KEY|TOKEN)=\S+\n", text, re.MULTILINE)
            require(len(keys) == 1 and text.endswith("\n"), f"{target.name} is torn")
        self.case.lost_nothing()
        return None

    def finish(self) -> None:
        raise NotImplementedError


class Rotate(Command):
    def look(self) -> str:
        return self.case.state()

    def finish(self) -> None:
        self.case.finish()


class Resume(Command):
    def prepare(self) -> None:
        self.stage()
        self.case.command = [self.rekeep, "rotate", "--resume", self.case.address]

    def look(self) -> None:
        self.case.state()

    def finish(self) -> None:
        self.case.finish()


class Abort(Command):
    modes = ("overlap",)  # in a cutover the old key is dead, and abort refuses

    def prepare(self) -> None:
        self.stage()
        self.case.command = [self.rekeep, "rotate", "--abort", self.case.address, "--yes"]

    def finish(self) -> None:
        self.repeat((0, 66))
        self.case.settled(self.case.old)


class Rollback(Command):
    modes = ("overlap",)

    def prepare(self) -> None:
        self.rotate()
        self.case.command = [self.rekeep, "rotate", "--rollback", self.case.address, "--yes"]

    def finish(self) -> None:
        self.repeat((0, 66))
        self.case.do("deploy")
        self.case.settled(self.case.old)


class ComeBack(Command):
    """The old key dies after a rollback: the newer one, which is previous then, comes back."""

    modes = ("overlap",)

    def prepare(self) -> None:
        self.rotate()
        back = self.case.run(self.rekeep, "rotate", "--rollback", self.case.address, "--yes")
        require(back.returncode == 0, back.stderr)
        self.case.registrar.panel("revoke", {"key": self.case.old})
        self.case.command = [self.rekeep, "rotate", self.case.address, "--to", "2", "--yes"]

    def look(self) -> None:
        self.case.do("verify")
        shown = self.case.do("show", self.case.address, "--field", self.case.field)
        require(shown in (self.case.old, self.case.new), "the current key is neither of the two")
        self.case.lost_nothing()

    def finish(self) -> None:
        if self.case.do("show", self.case.address, "--field", self.case.field) == self.case.old:
            self.repeat()
        else:
            resumed = self.case.run(self.rekeep, "rotate", "--resume", self.case.address)
            require(resumed.returncode in (0, 66), resumed.stderr)
        self.case.settled(self.case.new)


class Retire(Command):
    def prepare(self) -> None:
        self.rotate()
        self.case.registrar.panel("revoke", {"key": self.case.old})
        refused = self.case.run(self.rekeep, "retire", self.case.address)
        require(refused.returncode == 1, refused.stderr)
        self.case.command = ["faketime", "-f", "+61s", self.rekeep, "retire", self.case.address]

    def finish(self) -> None:
        self.repeat((0, 66))
        versions = json.loads(self.case.do("show", self.case.address, "--json"))["versions"]
        require([version["state"] for version in versions] == ["retired", "current"], "the old key is not retired")
        require(json.loads(self.case.do("rotate", "--status", "--json")) == [], "the rotation is not over")
        self.case.settled(self.case.new)


class Auto(Command):
    modes = ("overlap",)

    def prepare(self) -> None:
        self.case.command = [self.rekeep, "rotate", "--auto", "--yes", self.case.address]

    def finish(self) -> None:
        case = self.case
        # Every key whose answer arrived is in the vault, or in an emergency file that the next command takes in. The
        # answer of a call that was killed may not have arrived: the log says that one was asked for.
        case.do("verify")
        asked = case.do("log").count("asks the provider for a key") if self.was_killed else 0
        lost = {key["value"] for key in case.keys_of_account()} - case.stored() - {case.new}
        require(len(lost) <= asked, "a key was issued that nothing tells of")
        resumed = case.run(self.rekeep, "rotate", "--resume", case.address)
        if case.do("show", case.address, "--field", case.field) == case.old:
            # It died before it had the key, or before it knew that there is one, or the key is kept elsewhere.
            self.repeat()
        else:
            require(resumed.returncode in (0, 66), resumed.stderr)
        case.new = case.do("show", case.address, "--field", case.field)
        require(case.new != case.old, "no new key is current")
        case.settled(case.new)
        require(not any(case.home.rglob("*.emergency")), "an emergency file is left")


class TakeIn(Command):
    """A key was issued while the vault's disk was full: the command that takes in the emergency file."""

    modes = ("overlap",)

    def prepare(self) -> None:
        case = self.case
        case.command = [self.rekeep, "rotate", "--auto", "--no-input", case.address]
        known = {key["value"] for key in case.keys_of_account()}
        stopped = case.run_while_disk_fills(*case.command)
        require("sealed to the vault" in stopped.stderr, f"no emergency file: {stopped.stderr}")
        case.new = ({key["value"] for key in case.keys_of_account()} - known).pop()
        case.command = [self.rekeep, "verify"]

    def finish(self) -> None:
        case = self.case
        require(case.new in case.stored(), "the key of the emergency file is not in the vault")
        require(not any(case.home.rglob("*.emergency")), "an emergency file is left")
        case.do("rotate", case.address, "--to", "2", "--yes")
        case.settled(case.new)


COMMANDS = {
    "rotate": Rotate, "resume": Resume, "abort": Abort, "rollback": Rollback, "to": ComeBack, "retire": Retire,
    "auto": Auto, "take in": TakeIn,
}  # fmt: skip
