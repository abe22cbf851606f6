#!/usr/bin/python3
"""Makes test vectors for readers of rekeep vaults: `make.py DIRECTORY`. With `make.py DIRECTORY CORPUS` it also writes
plain forms of records for a fuzzer to begin with.

Every vector is a vault with one property or one fault. The writer here is its own: it builds plain
forms, seals them, grows the trees, seals header, slots and log, and writes the SQLite file. A fault
is put in between two of these stages, so that everything after it is made as an honest writer would
make it. Keys, ids, salts and nonces come from seeded generators: the same script makes the same
vectors. Nothing in here is a real secret.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from struct import pack
from typing import Any

import nacl.bindings as sodium

TABLES = (
    "credential", "address", "deployment", "secret", "fingerprint", "rotation", "policy", "control",
    "attempt", "tree",
)  # fmt: skip
(
    CREDENTIAL, ADDRESS, DEPLOYMENT, SECRET, FINGERPRINT, ROTATION, POLICY, CONTROL, ATTEMPT, TREE,
) = range(1, 11)  # fmt: skip
PASSPHRASE, IDENTITY, RECOVERY, KEYRING = range(1, 5)
KINDS = {PASSPHRASE: "passphrase", IDENTITY: "identity", RECOVERY: "recovery", KEYRING: "keyring"}
PENDING, CURRENT, PREVIOUS, RETIRED = range(1, 5)
CLASSES = (
    "ok", "not-a-vault", "file", "header", "newer-format", "slot", "kdf-costs", "slot-key",
    "slot-anchor", "no-slot-fits", "exchanged", "outside-record", "rolled-back", "forked",
    "freshness", "record", "secret", "versions", "log", "write-ahead-log",
)  # fmt: skip
MIB = 1 << 20
NOW = 1_750_000_000
DAY = 86_400
FORMAT = pack("<I", 1)
EMERGENCY_SIZE = 64 * 1024

SCHEMA = """
    PRAGMA page_size = 512;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA application_id = 0x726b6570;
    CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id=1), vault_id BLOB NOT NULL, \
format INTEGER NOT NULL, lasting BLOB NOT NULL, header BLOB NOT NULL, checksum BLOB NOT NULL);
    CREATE TABLE slot(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, content BLOB NOT NULL, \
checksum BLOB NOT NULL);
    CREATE TABLE log(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
""" + "".join(
    f"CREATE TABLE {table}(id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL);"
    for table in TABLES
)

Change = Callable[["Vault"], Any]


# Numbers, hashes, keys and codes


def u8(number: int) -> bytes:
    return pack("<B", number)


def u32(number: int) -> bytes:
    return pack("<I", number)


def u64(number: int) -> bytes:
    return pack("<Q", number)


def i64(number: int) -> bytes:
    return pack("<q", number)


def sized(content: bytes) -> bytes:
    return u32(len(content)) + content


def text(content: str) -> bytes:
    return sized(content.encode())


def optional(value: Any, form: Callable[[Any], bytes]) -> bytes:
    return b"\0" if value is None else b"\1" + form(value)


def listed(elements: Iterable[bytes]) -> bytes:
    elements = list(elements)
    return u32(len(elements)) + b"".join(elements)


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def keyed(key: bytes, data: bytes, size: int = 32) -> bytes:
    return blake2b(data, key=key, digest_size=size).digest()


def subkey(key: bytes, number: int, context: bytes = b"rekeep-1") -> bytes:
    return blake2b(key=key, salt=u64(number), person=context, digest_size=32).digest()


def box_seal(message: bytes, public: bytes, ephemeral: bytes) -> bytes:
    """crypto_box_seal with an ephemeral key of ours, so that the vectors stay the same."""
    ours = sodium.crypto_scalarmult_base(ephemeral)
    nonce = blake2b(ours + public, digest_size=24).digest()
    return ours + sodium.crypto_box(message, nonce, public, ephemeral)


def code(data: bytes, *, fill: int = 0, check: int | None = None) -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += f"{fill:0{-len(bits) % 5}b}" if len(bits) % 5 else ""
    hashed = keyed(data, b"rekeep grouped code")
    bits += "".join(f"{byte:08b}" for byte in hashed)[:20]
    letters = "".join(alphabet[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def flip(data: bytes, at: int) -> bytes:
    """The data with one bit of the byte at a place, counted as Python counts, flipped."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def swapped(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1, (data, old)
    return data.replace(old, new)


# Plain forms of records


def field_form(name: str, *, secret: int = 1, role: int = 2, everything: bool = False) -> bytes:
    extra = "fake-extra" if everything else None
    return b"".join((
        text(name), text(name.title()), u8(secret), u8(everything), u8(role),
        optional(extra, text), optional(extra, text),
    ))  # fmt: skip


def terms_form(
    fields: Iterable[bytes], *, mode: int = 1, lifetime: int | None = None, control: int = 1,
    dead_when: Iterable[int] = (), test: int = 0,
) -> bytes:
    return b"".join((
        text("Fake"), listed(fields), text("https://fake.invalid"), u8(test), text("FAKE"), u8(mode),
        i64(90 * DAY), optional(lifetime, i64), i64(DAY), u8(control),
        listed(map(u8, dead_when)), i64(3), i64(600), text("/keys"),
    ))  # fmt: skip


def check_form(outcome: int = 8, *, cause: int = 5, everything: bool = False) -> bytes:
    amounts = [text("12.50") + b"\1" + text("EUR"), text("-3") + b"\0"] if everything else []
    return b"".join((
        u8(outcome), i64(NOW), i64(2), listed(amounts),
        optional("fake-user" if everything else None, text),
        *(optional(number if everything else None, i64) for number in (120, 401)),
        optional(cause if everything else None, u8),
        optional("said fäke" if everything else None, text), optional(30 if everything else None, i64),
    ))  # fmt: skip


def probe_form(outcome: int) -> bytes:
    return u8(outcome) + i64(NOW)


def target_form(*, everything: bool = False, in_place: int = 0, hook_due: int = 0, problem: int = 1) -> bytes:
    def maybe(value: Any) -> Any:
        return value if everything else None

    uses = [b"fake-credential1" + i64(2)] if everything else []
    return b"".join((
        text("/srv/fake/.env"), text("dotenv"), text("shell"), optional(maybe(0o600), u32),
        optional(maybe("fake-owner"), text), optional(maybe("fake-group"), text),
        listed(map(text, ("systemctl", "reload", "fäke") if everything else ())),
        u8(in_place), listed(uses),
        listed(map(text, ("FAKE_KEY",) if everything else ())), optional(maybe(NOW), i64),
        optional(maybe(NOW + 1), i64), optional(maybe(NOW + 2), i64), u8(hook_due),
        optional(maybe(problem), u8),
        optional(maybe(u32(0o640) + u32(1000) + u32(33) + optional(b"fake ACL", sized)), bytes),
    ))  # fmt: skip


ADD, ROTATE, TRUST = 1, 7, 20


def log_outcome(code: int, *numbers: int, words: str = "") -> bytes:
    return u8(code) + listed(map(i64, numbers)) + text(words)


LOG_DONE = log_outcome(1)


class Vault:
    """A vault in the making. The stages of `finish` go over it in order."""

    def __init__(self, seed: str = "vault", generation: int = 5) -> None:
        keys = random.Random(f"keys of {seed}")
        self.vault_id, self.vault_key, self.lasting_key = (
            keys.randbytes(16), keys.randbytes(32), keys.randbytes(32),
        )  # fmt: skip
        self.keys = {n: subkey(self.vault_key, n) for n in (1, 2, 3, 5, 6, 7)}
        self.keys |= {n: subkey(self.lasting_key, n) for n in (4, 8, 9, 10)}
        self.random = random.Random(f"{seed} in generation {generation}")
        self.generation = generation
        self.format = 1
        self.plain: dict[int, dict[bytes, bytes]] = {table: {} for table in range(1, 11)}
        self.rows: dict[int, list[dict[str, Any]]] = {table: [] for table in range(1, 11)}
        self.nodes: dict[bytes, Callable[[list[tuple[int, bytes]]], Any]] = {}
        self.grown: dict[bytes, bytes] = {}
        self.slots: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.values: dict[str, dict[str, str]] = {}

    # Content

    def row_id(self, table: int, name: bytes) -> bytes:
        return keyed(self.keys[3], u8(table) + name, 16)

    def fingerprint(self, value: str) -> bytes:
        return keyed(self.keys[4], value.encode(), 16)

    def secret_id(self, credential: bytes, version: int, field: str = "key") -> bytes:
        return self.row_id(SECRET, credential + i64(version) + field.encode())

    def version(
        self, credential: bytes, number: int, state: int = CURRENT, *, erased: bool = False,
        secrets: dict[str, str] | None = None, everything: bool = False,
    ) -> bytes:  # fmt: skip
        """The form of a version whose secrets are put into their table."""
        if secrets is None:
            secrets = {"key": f"fake-key-{credential.hex()[:4]}-{number}"}
        for field, value in secrets.items():
            if not erased:
                self.plain[SECRET][self.secret_id(credential, number, field)] = value.encode()
            where = self.row_id(FINGERPRINT, self.fingerprint(value))
            self.plain[FINGERPRINT][where] = b"\1" + listed([credential])
        some = [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4] if everything else [None] * 5
        values = [text("region") + text("fake-region")] if everything else []
        return b"".join((
            i64(number), u8(state), i64(NOW), *(optional(time, i64) for time in some),
            i64(2 if everything else 0), optional("fake-account" if everything else None, text), listed(values),
            listed(text(field) + self.fingerprint(value) for field, value in secrets.items()),
        ))  # fmt: skip

    def credential(
        self, addresses: Iterable[str] = ("fake/prod/one",), versions: list[bytes] | None = None,
        *, id: bytes | None = None, values: dict[str, str] | None = None,
        terms: bytes | None = None,
        own_base_url: int = 0, prefix: str | None = None, maximum_age: int | None = None,
        note: str = "fake note", account: str = "", check: bytes | None = None,
    ) -> bytes:  # fmt: skip
        id = id or self.random.randbytes(16)
        if versions is None:
            versions = [self.version(id, 1, RETIRED, erased=True), self.version(id, 2)]
            values = {"key": f"fake-key-{id.hex()[:4]}-2"}
        self.plain[CREDENTIAL][id] = b"".join((
            b"\1", id, text("fake"), text("prod"), terms or terms_form([field_form("key")]),
            u8(own_base_url),
            listed(text(address) + optional(prefix, text) for address in addresses),
            listed(versions), optional(maximum_age, i64), text(note), text(account), optional(check, bytes),
        ))  # fmt: skip
        for address in addresses:
            self.plain[ADDRESS][self.row_id(ADDRESS, address.encode())] = b"\1" + id
            self.values[address] = values or {}
        return id

    def deployment(self, name: str = "fake/prod", targets: Iterable[bytes] | None = None) -> None:
        targets = [target_form()] if targets is None else targets
        form = b"\1" + text(name) + listed([text("fake/prod/one")]) + listed(targets)
        self.plain[DEPLOYMENT][self.row_id(DEPLOYMENT, name.encode())] = form

    def rotation(
        self, credential: bytes, states: Iterable[int] = (1, 2), *, mode: int = 1,
        everything: bool = False, outcome: int = 8,
    ) -> None:  # fmt: skip
        def maybe(value: Any) -> Any:
            return value if everything else None

        self.plain[ROTATION][self.row_id(ROTATION, credential)] = b"".join((
            b"\1", credential, text("fake/prod/one"), u8(mode), i64(1), i64(DAY),
            listed(u8(state) + i64(NOW + state) for state in states), optional(maybe(2), i64),
            *(optional(maybe(outcome), probe_form) for _ in range(3)),
            optional(maybe(NOW * 1000), i64), optional(maybe(NOW * 1000 + 500), i64),
            optional(maybe(NOW + DAY), i64), optional(maybe(i64(1000) + i64(1500)), bytes),
        ))  # fmt: skip

    def policy(self, *rules: tuple[str, int]) -> None:
        rules = rules or (("fake/*", 30 * DAY),)
        form = b"\1" + listed(text(pattern) + i64(span) for pattern, span in rules)
        self.plain[POLICY][self.row_id(POLICY, b"")] = form

    def control(self, host: str = "fake.invalid", outcome: int = 6) -> None:
        form = b"\1" + text("fake") + text("prod") + text(host) + u8(outcome) + i64(NOW)
        self.plain[CONTROL][self.row_id(CONTROL, f"fake\0prod\0{host}".encode())] = form

    def attempts(self, host: str = "fake.invalid", times: Iterable[int] = (NOW, NOW + 1)) -> None:
        form = b"\1" + text(host) + listed(map(i64, times))
        self.plain[ATTEMPT][self.row_id(ATTEMPT, host.encode())] = form

    def log(self, *actions: int, outcome: bytes = LOG_DONE) -> None:
        self.entries += [
            {"action": action, "outcome": outcome, "tail": b"", "layout": 1} for action in actions
        ]

    def slot(
        self, kind: int, secret: bytes | None = None, *, name: str | None = None,
        number: int | None = None, passes: int = 2, memory: int = 19 * MIB,
        lasting: bytes | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Adds a slot; what opens it is its "open"."""
        number = len(self.slots) + 1 if number is None else number
        if secret is None and kind == PASSPHRASE:
            secret = f"fake passphrase {number}".encode()
        secret = secret or self.random.randbytes(20 if kind == RECOVERY else 32)
        before, key = b"", secret
        if kind == PASSPHRASE:
            salt = self.random.randbytes(16)
            before = u64(passes) + u64(memory) + salt
            key = sodium.crypto_pwhash_alg(
                32, secret, salt, passes, memory, sodium.crypto_pwhash_ALG_ARGON2ID13
            )
        if kind == RECOVERY:
            key = keyed(secret, b"rekeep recovery slot")
        private = secret if kind == IDENTITY else subkey(key, 1, b"rekeepsl")
        public = sodium.crypto_scalarmult_base(private)
        anchor = b""
        if kind != IDENTITY:
            binding = b"rekeep slot" + FORMAT + self.vault_id + i64(number) + u8(kind)
            content = subkey(lasting or self.lasting_key, 9)
            anchor = self.seal(subkey(key, 2, b"rekeepsl"), content, binding)
        shown = {
            PASSPHRASE: lambda: secret.decode(), IDENTITY: lambda: identity_line(secret),
            RECOVERY: lambda: code(secret), KEYRING: lambda: secret.hex(),
        }  # fmt: skip
        slot = {
            "number": number, "kind": kind, "before": before, "public": public, "anchor": anchor,
            "box": box_seal(self.vault_key, public, self.random.randbytes(32)), "tail": b"",
            "commitment": keyed(self.vault_key, b"rekeep key commitment" + self.vault_id),
            "name": name or f"{KINDS[kind]}-{number}", "checksum": None,
            "open": {"kind": KINDS[kind], "text": shown[kind]()}, "secret": secret, "key": key,
        }  # fmt: skip
        self.slots.append(slot)
        return slot

    # Stages

    def seal(self, key: bytes, content: bytes, binding: bytes) -> bytes:
        nonce = self.random.randbytes(24)
        encrypt = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt
        return nonce + encrypt(content, binding, nonce, key)

    def seal_row(self, table: int, id: bytes, content: bytes, revision: int | None = None) -> None:
        revision = self.generation if revision is None else revision
        binding = b"rekeep record" + FORMAT + self.vault_id + u8(table) + id + u64(revision)
        sealed = self.seal(self.keys[2 if table == SECRET else 1], content, binding)
        self.rows[table].append({"id": id, "revision": revision, "sealed": sealed})

    def seal_rows(self) -> None:
        for table in range(CREDENTIAL, TREE):
            for id, content in sorted(self.plain[table].items()):
                self.seal_row(table, id, content)

    def element(self, table: int, row: dict[str, Any]) -> bytes:
        stamp = u64(row["revision"]) + row["sealed"][:24] + row["sealed"][-16:]
        return keyed(self.keys[6], u8(table) + row["id"] + stamp, 16)

    def grow_node(self, id: bytes, children: dict[int, bytes]) -> bytes:
        """Seals a node, as `nodes` may want it changed, and returns its element."""
        listing = sorted(children.items())
        content: Any = self.nodes.get(id, lambda listing: listing)(listing)
        if not isinstance(content, bytes):
            content = b"\1" + listed(u8(child) + sum_ for child, sum_ in content)
        self.grown[id] = content
        self.seal_row(TREE, id, content)
        return self.element(TREE, self.rows[TREE][-1])

    def grow_trees(self) -> None:
        self.roots: dict[int, bytes] = {}
        for table in range(CREDENTIAL, TREE):
            sums: dict[int, dict[int, bytes]] = {}
            for row in self.rows[table]:
                first, second = row["id"][:2]
                bucket = sums.setdefault(first, {})
                sum_ = zip(bucket.get(second, bytes(16)), self.element(table, row))
                bucket[second] = bytes(one ^ other for one, other in sum_)
            nodes = {n: self.grow_node(node_id(table, n), sums[n]) for n in sorted(sums)}
            if nodes:
                self.roots[table] = self.grow_node(root_id(table), nodes)
        self.rows[TREE].sort(key=lambda row: row["id"])

    def seal_log(self) -> None:
        previous, self.sealed_entries = bytes(32), list[tuple[int, bytes]]()
        self.marks = {0: bytes(16)}
        for number, entry in enumerate(self.entries, 1):
            words = (text("fake-host"), text("fake-slot"), u8(entry["action"]), text("fake/prod/one"), entry["outcome"])
            self.marks[number] = self.random.randbytes(16)
            content = u8(entry["layout"]) + entry.get("previous", previous)
            content += self.marks[number] + u64(number) + i64(NOW + number) + u32(1000) + b"".join(words)
            content = entry.get("change", bytes)(content) + entry["tail"]
            binding = b"rekeep log" + FORMAT + self.vault_id + i64(entry.get("bound", number))
            sealed = self.seal(self.keys[7], content, binding)
            self.sealed_entries.append((number, sealed))
            previous = digest(sealed)
        self.log_head = previous

    def describe(self) -> None:
        """What the header is to say."""
        self.header = {
            "layout": 1, "generation": self.generation, "created": NOW,
            "log_entries": len(self.sealed_entries), "log_head": self.log_head,
            "log_mark": self.marks[len(self.marks) - 1],
            "tables": [(table, len(self.rows[table]), root) for table, root in self.roots.items()],
            "slots": [(slot["number"], slot["name"]) for slot in self.sorted_slots()], "tail": b"",
        }  # fmt: skip

    def sorted_slots(self) -> list[dict[str, Any]]:
        return sorted(self.slots, key=lambda slot: slot["number"])

    def seal_front(self) -> None:
        h = self.header
        content = b"".join((
            u8(h["layout"]), u64(h["generation"]), i64(h["created"]), i64(h["log_entries"]),
            h["log_head"], h["log_mark"], listed(u8(t) + u64(rows) + root for t, rows, root in h["tables"]),
            listed(i64(number) + text(name) + i64(NOW) for number, name in h["slots"]), h["tail"],
        ))  # fmt: skip
        of_slots = b"".join(
            i64(slot["number"]) + i64(slot["kind"]) + sized(content_of(slot))
            + sized(checksum_of(slot)) for slot in self.sorted_slots()
        )  # fmt: skip
        binding = b"rekeep header" + FORMAT + self.vault_id + digest(of_slots)
        self.sealed_header = self.seal(self.keys[5], content, binding)
        self.lasting = self.seal_lasting(self.lasting_key)

    def seal_lasting(self, lasting: bytes) -> bytes:
        return self.seal(self.keys[5], lasting, b"rekeep lasting key" + FORMAT + self.vault_id)

    def front(self) -> tuple[Any, ...]:
        checked = sized(self.vault_id) + i64(self.format) + sized(self.lasting)
        checksum = digest(checked + sized(self.sealed_header))
        return 1, self.vault_id, self.format, self.lasting, self.sealed_header, checksum

    def write(self, path: Path, sql: str) -> None:
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path, isolation_level=None)
        database.executescript(SCHEMA)
        database.execute("INSERT INTO vault VALUES (?, ?, ?, ?, ?, ?)", self.front())
        database.executemany("INSERT INTO slot VALUES (?, ?, ?, ?)", (
            (slot["number"], slot["kind"], content_of(slot), checksum_of(slot))
            for slot in self.slots
        ))  # fmt: skip
        database.executemany("INSERT INTO log VALUES (?, ?)", self.sealed_entries)
        for table, rows in self.rows.items():
            name = TABLES[table - 1]
            database.executemany(
                f"INSERT INTO {name} VALUES (?, ?, ?)", (tuple(row.values()) for row in rows)
            )
        database.executescript(sql)
        database.close()

    def pin(self) -> str:
        mark = keyed(self.keys[9], b"rekeep vault mark" + self.vault_id, 16)
        return f"REKEEP-VAULT-1-{code(self.vault_id + mark)}"

    def seen(
        self, generation: int, *, entries: dict[int, bytes] | None = None, layout: int = 1,
        header: bytes | None = None,
    ) -> bytes:  # fmt: skip
        """A record of what was last seen, of this vault's log unless other entries are given."""
        entries = {n: mark for n, mark in self.marks.items() if n} if entries is None else entries
        header = digest(self.sealed_header) if header is None else header
        form = u8(layout) + u64(generation) + header + listed(
            i64(number) + mark + u64(number) + i64(NOW + number) + text("fake-host")
            for number, mark in entries.items()
        )  # fmt: skip
        return sized(form) + keyed(self.keys[8], b"rekeep last seen" + self.vault_id + form)

    def emergency(
        self, values: dict[str, str], *, expires: int | None = None, layout: int = 1, tail: bytes = b"",
        credential: bytes = b"fake-credential1",
    ) -> bytes:  # fmt: skip
        """An emergency file. Zeros fill it where a writer takes random bytes."""
        form = u8(layout) + credential + i64(NOW) + optional(expires, i64) + listed(
            text(field) + text(value) for field, value in values.items()
        ) + tail  # fmt: skip
        binding = b"rekeep emergency file" + FORMAT + self.vault_id
        return sized(self.seal(self.keys[10], form, binding)).ljust(EMERGENCY_SIZE, b"\0")


def content_of(slot: dict[str, Any]) -> bytes:
    parts = ("before", "public", "box", "anchor", "commitment", "tail")
    return b"".join(slot[part] for part in parts)


def checksum_of(slot: dict[str, Any]) -> bytes:
    kind = u8(slot["kind"] & 0xFF)
    return slot["checksum"] or digest(i64(slot["number"]) + kind + content_of(slot))


def identity_line(secret: bytes) -> str:
    return f"REKEEP-IDENTITY-1-{code(secret)}"


def node_id(table: int, number: int) -> bytes:
    return bytes((table, 1, number)) + bytes(13)


def root_id(table: int) -> bytes:
    return u8(table) + bytes(15)


# Vectors


def small(seed: str = "vault", generation: int = 5) -> Vault:
    """An identity's slot and a credential."""
    vault = Vault(seed, generation)
    vault.slot(IDENTITY, bytes(range(32)), name="laptop")
    vault.credential(id=b"fake-credential1")
    vault.log(TRUST, ADD)
    return vault


def full(seed: str = "vault", generation: int = 5) -> Vault:
    """Something in every table, in some of them under two ids."""
    vault = Vault(seed, generation)
    vault.slot(IDENTITY, bytes(range(32)), name="laptop")
    id = vault.credential(("fake/prod/one", "fake/prod/two"), id=b"fake-credential1")
    vault.deployment()
    vault.deployment("fake/worker")
    vault.rotation(id)
    vault.policy()
    vault.control()
    vault.attempts()
    vault.log(TRUST, ADD, ROTATE)
    return vault


def slotted(*kinds: int, **options: Any) -> Callable[[], Vault]:
    """A vault with slots of these kinds."""

    def make() -> Vault:
        vault = Vault()
        for kind in kinds:
            vault.slot(kind, **options)
        vault.credential(id=b"fake-credential1")
        vault.log(TRUST)
        return vault

    return make


class Vectors:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.list: list[dict[str, Any]] = []
        self.vaults: dict[str, Vault] = {}

    def add(
        self, class_: str, name: str, what: str, make: Callable[[], Vault] = small, *,
        rows: Change | None = None, log: Change | None = None, header: Change | None = None,
        sealed: Change | None = None, sql: str = "", file: Callable[[bytes], bytes] | None = None,
        open: Callable[[Vault], dict[str, str]] | int = 0,
        seen: Callable[[Vault], bytes] | int | None = None, values: dict[str, dict[str, str]] | None = None,
    ) -> None:  # fmt: skip
        """Makes a vault, with a change after the stage of its name, and notes it as a vector.

        `rows` comes before the trees, `log` before the header is described, `header` before it is
        sealed; `sealed`, `sql` and `file` are what somebody without a key could do.
        """
        assert class_ in CLASSES and all(name != vector["name"] for vector in self.list), name
        vault = make()
        opener = vault.slots[open]["open"] if isinstance(open, int) else open(vault)
        stages = (
            (vault.seal_rows, rows), (vault.grow_trees, None), (vault.seal_log, log),
            (vault.describe, header), (vault.seal_front, sealed),
        )  # fmt: skip
        for stage, change in stages:
            stage()
            if change:
                change(vault)
        self.vaults[name] = vault
        path = self.directory / f"{name}.db"
        vault.write(path, sql)
        if file:
            path.write_bytes(file(path.read_bytes()))
        values = vault.values if values is None else values
        if isinstance(seen, int):
            seen = vault.seen(seen)
        elif seen is not None:
            seen = seen(vault)
        self.list.append({
            "name": name, "what": what, "open": opener,
            "seen": None if seen is None else seen.hex(), "class": class_,
            "values": values if class_ == "ok" else None,
        })  # fmt: skip


def brought(kind: int, shown: str) -> Callable[[Vault], dict[str, str]]:
    return lambda vault: {"kind": KINDS[kind], "text": shown}


def shown(change: Callable[[str], str]) -> Callable[[Vault], dict[str, str]]:
    """What opens the first slot, written in another way."""
    return lambda v: v.slots[0]["open"] | {"text": change(v.slots[0]["open"]["text"])}


def add_openers(add: Callable[..., None]) -> None:
    for kind, name in KINDS.items():
        other = next(other for other in KINDS if other != kind)
        add("ok", f"open-{name}", f"a slot of kind {name} opens", slotted(kind))
        add("ok", f"open-{name}-second", f"the second of two slots of kind {name} opens",
            slotted(kind, kind), open=1)
        add("ok", f"open-{name}-among-others", f"{name} stands after another kind and opens",
            slotted(other, kind), open=1)
        stranger = slotted(kind)()
        wrong = Vault("stranger").slot(kind, b"another passphrase" if kind == PASSPHRASE else None)
        add("no-slot-fits", f"open-{name}-wrong", f"another {name} than the slot's",
            lambda stranger=stranger: stranger, open=brought(kind, wrong["open"]["text"]))
    add("no-slot-fits", "open-kind-not-there", "a passphrase, but the only slot is an identity's",
        open=brought(PASSPHRASE, "fake passphrase 1"))
    add("no-slot-fits", "open-identity-as-keyring", "the identity's secret key as a slot key",
        open=brought(KEYRING, bytes(range(32)).hex()))
    add("no-slot-fits", "open-keyring-as-identity", "the keyring's slot key as an identity",
        slotted(KEYRING), open=lambda v: {"kind": "identity",
                                          "text": identity_line(v.slots[0]["secret"])})
    add("no-slot-fits", "open-keyring-short", "a slot key of 31 bytes", slotted(KEYRING),
        open=shown(lambda key: key[2:]))
    add("no-slot-fits", "open-keyring-not-hex", "a slot key that is not hexadecimal",
        slotted(KEYRING), open=shown(lambda key: "g" + key[1:]))
    add("ok", "open-passphrase-unicode", "a passphrase beyond ASCII",
        slotted(PASSPHRASE, secret="fäke pässphrase ☂".encode()))
    add("ok", "open-passphrase-spaces", "spaces around a passphrase belong to it",
        slotted(PASSPHRASE, secret=b"  fake passphrase  "))
    add("ok", "open-identity-other-lines", "an identity file with comments around the line",
        open=shown(lambda line: f"# fake\n\n{line}\n# end\n"))

    # A code with the letters that have look-alikes.
    secrets = (random.Random(f"code {n}").randbytes(20) for n in range(1000))
    secret = next(s for s in secrets if code(s).count("1") > 1 and "0" in code(s))
    recovery = slotted(RECOVERY, secret=secret)
    written = code(secret)
    alike = written.replace("0", "O").replace("1", "I", 1).replace("1", "L")
    last = "0" if written[-1] != "0" else "2"
    inner = "Z" if written[7] != "Z" else "Y"
    for class_, name, what, other in (
        ("ok", "code-lower-case", "a recovery code in lower case", written.lower()),
        ("ok", "code-spaces", "a recovery code with spaces for hyphens", written.replace("-", " ")),
        ("ok", "code-no-hyphens", "a recovery code without hyphens", written.replace("-", "")),
        ("ok", "code-look-alikes", "O, I and L for 0, 1 and 1", alike),
        ("ok", "code-look-alikes-lower-case", "o, i and l for 0, 1 and 1", alike.lower()),
        ("no-slot-fits", "code-check-wrong", "the last letter is another", written[:-1] + last),
        ("no-slot-fits", "code-letter-wrong", "a letter is another",
         written[:7] + inner + written[8:]),
        ("no-slot-fits", "code-letter-unknown", "a letter U", written[:7] + "U" + written[8:]),
        ("no-slot-fits", "code-short", "a group is missing", written[5:]),
        ("no-slot-fits", "code-long", "a group too many", written + "-0000"),
        ("no-slot-fits", "code-empty", "an empty code", ""),
        ("no-slot-fits", "code-beyond-ascii", "a digit of another script",
         written.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}")),
    ):  # fmt: skip
        add(class_, name, what, recovery, open=brought(RECOVERY, other))
    key = bytes(range(32))
    line = identity_line(key)
    for class_, name, what, other in (
        ("ok", "identity-lower-case", "an identity's code in lower case",
         line[:18] + line[18:].lower()),
        ("no-slot-fits", "identity-check-wrong", "an identity's last letter is another",
         line[:-1] + ("0" if line[-1] != "0" else "2")),
        ("no-slot-fits", "identity-filling", "filling bits of an identity's code that are not zero",
         f"REKEEP-IDENTITY-1-{code(key, fill=1)}"),
        ("no-slot-fits", "identity-of-later-kind", "an identity that begins otherwise",
         line.replace("-1-", "-2-", 1)),
        ("no-slot-fits", "identity-public", "a public key for an identity",
         f"REKEEP-PUBLIC-1-{code(sodium.crypto_scalarmult_base(key))}"),
    ):  # fmt: skip
        add(class_, name, what, open=brought(IDENTITY, other))
    pin, another = small().pin(), Vault("another vault").pin()
    for class_, name, what, lines in (
        ("ok", "vault", "an identity that names the vault", f"{line}\n{pin}\n"),
        ("ok", "vault-first", "the vault's line comes first", f"{pin}\n{line}\n"),
        ("ok", "vault-blanks", "blanks around the lines, and lower case",
         f"  {line.lower()}\t\r\n {pin.lower()} \r\n"),
        ("exchanged", "other-vault-blanks", "blanks before the line that names another vault",
         f"{line}\n  {another.lower()}\n"),
        ("ok", "vaults", "an identity that names two vaults", f"{line}\n{another}\n{pin}\n"),
        ("exchanged", "other-vault", "an identity that names another vault",
         f"{line}\n{another}\n"),
        ("no-slot-fits", "vault-cut", "the line that names the vault lacks its last letter",
         f"{line}\n{pin[:-1]}\n"),
        ("no-slot-fits", "vault-letter", "a letter of the line that names the vault is another",
         f"{line}\n{pin[:20] + ('2' if pin[20] != '2' else '3') + pin[21:]}\n"),
    ):  # fmt: skip
        add(class_, f"identity-{name}", what, open=brought(IDENTITY, lines))


def add_costs(add: Callable[..., None]) -> None:
    add("ok", "kdf-passes-highest", "10 passes", slotted(PASSPHRASE, passes=10))
    add("ok", "kdf-memory-odd", "memory that is no whole KiB",
        slotted(PASSPHRASE, memory=19 * MIB + 1))
    add("kdf-costs", "kdf-passes-below", "1 pass", slotted(PASSPHRASE, passes=1))
    add("kdf-costs", "kdf-passes-above", "11 passes", slotted(PASSPHRASE, passes=11))
    add("kdf-costs", "kdf-memory-below", "a byte less than 19 MiB",
        slotted(PASSPHRASE, memory=19 * MIB - 1))
    wrong = {
        "kdf-memory-above": (2, (1 << 30) + 1), "kdf-passes-zero": (0, 19 * MIB),
        "kdf-memory-zero": (2, 0), "kdf-passes-most": ((1 << 64) - 1, 19 * MIB),
        "kdf-memory-most": (2, (1 << 64) - 1),
    }  # fmt: skip
    for name, (passes, memory) in wrong.items():
        def claim(v: Vault, passes: int = passes, memory: int = memory) -> None:
            v.slots[0]["before"] = u64(passes) + u64(memory) + v.slots[0]["before"][16:]
        add("kdf-costs", name, f"{passes} passes and {memory} bytes", slotted(PASSPHRASE),
            header=claim)
    add("kdf-costs", "kdf-of-another-slot", "wrong costs in a slot that nobody tries to open",
        slotted(IDENTITY, PASSPHRASE),
        header=lambda v: v.slots[1].update(before=u64(11) + v.slots[1]["before"][8:]))
    for class_, name, more in (("ok", "most", 0), ("kdf-costs", "above", 1)):
        def sum_(v: Vault, more: int = more) -> None:
            for slot in v.slots[1:]:
                slot["before"] = u64(10) + u64((512 << 20) + more) + slot["before"][16:]
        add(class_, f"kdf-sum-{name}",
            f"two passphrase slots of 10 passes over 512 MiB and {more} bytes",
            slotted(IDENTITY, PASSPHRASE, PASSPHRASE), header=sum_)
    add("no-slot-fits", "kdf-salt", "a bit of the salt",
        slotted(PASSPHRASE),
        header=lambda v: v.slots[0].update(before=flip(v.slots[0]["before"], -1)))


def add_slots(add: Callable[..., None]) -> None:
    other = Vault("other")
    others = {kind: other.slot(kind) for kind in (IDENTITY, RECOVERY)}

    def slot(n: int, **parts: Any) -> Change:
        return lambda v: v.slots[n].update(parts)

    def bit(n: int, part: str, at: int = 0) -> Change:
        return lambda v: v.slots[n].update({part: flip(v.slots[n][part], at)})

    def checksum(v: Vault) -> None:
        v.slots[0]["checksum"] = flip(checksum_of(v.slots[0]), 0)

    add("slot", "slot-checksum", "a bit of a slot's checksum", header=checksum)
    add("slot", "slot-checksum-short", "a checksum of 31 bytes",
        header=lambda v: v.slots[0].update(checksum=checksum_of(v.slots[0])[:31]))
    add("slot", "slot-checksum-second", "the checksum of a slot that nobody tries to open",
        slotted(IDENTITY, KEYRING),
        header=lambda v: v.slots[1].update(checksum=flip(checksum_of(v.slots[1]), 0)))
    for kind, name in KINDS.items():
        def cut(v: Vault) -> None:
            v.slots[0]["commitment"] = v.slots[0]["commitment"][:-1]
        add("slot", f"slot-{name}-short", f"the content of kind {name} is a byte short",
            slotted(kind), header=cut)
        add("slot", f"slot-{name}-long", f"the content of kind {name} is a byte too long",
            slotted(kind), header=slot(0, tail=b"\0"))
    add("slot", "slot-content-text", "a slot's content is text",
        sql="UPDATE slot SET content = 'fake';")
    add("slot", "slot-empty", "an empty content", header=slot(
        0, public=b"", box=b"", commitment=b""))
    for number in (0, 5, 255, 258):
        add("slot", f"slot-kind-{number}", f"a slot of kind {number}", header=slot(0, kind=number))
    add("slot", "slot-kind-unknown-second", "a second slot of an unknown kind",
        slotted(IDENTITY, IDENTITY), header=slot(1, kind=9))
    add("slot", "slot-box-bit", "a bit of the box", header=bit(0, "box", 50))
    add("slot", "slot-box-ephemeral-bit", "a bit of the box's ephemeral key",
        header=bit(0, "box", 3))
    add("slot", "slot-box-for-another", "a box for another public key",
        header=lambda v: v.slots[0].update(
            box=box_seal(v.vault_key, others[IDENTITY]["public"], bytes(range(32)))))
    add("slot-key", "slot-box-of-another-key", "a box with another vault's key",
        header=lambda v: v.slots[0].update(
            box=box_seal(other.vault_key, v.slots[0]["public"], bytes(range(32)))))
    add("no-slot-fits", "slot-public-of-another", "the public key of another",
        header=slot(0, public=others[IDENTITY]["public"]))
    add("no-slot-fits", "slot-public-bit",
        "the highest bit of the public key, which X25519 ignores",
        header=lambda v: v.slots[0].update(public=v.slots[0]["public"][:31]
                                           + bytes([v.slots[0]["public"][31] | 0x80])))
    add("slot-key", "slot-commitment-bit", "a bit of the only commitment",
        header=bit(0, "commitment"))
    add("slot-key", "slot-commitment-of-another", "the commitment to another vault's key",
        header=slot(0, commitment=others[IDENTITY]["commitment"]))
    add("slot-key", "slot-commitments-differ",
        "the second slot's commitment is another, the first opens",
        slotted(IDENTITY, IDENTITY), header=bit(1, "commitment"))
    add("slot-key", "slot-commitments-differ-first",
        "the first slot's is another, the second opens",
        slotted(IDENTITY, IDENTITY), header=bit(0, "commitment"), open=1)
    for kind in (PASSPHRASE, RECOVERY, KEYRING):
        name = KINDS[kind]
        add("slot", f"slot-{name}-anchor-bit", "a bit of the anchor's seal", slotted(kind),
            header=bit(0, "anchor", 30))
        add("slot-anchor", f"slot-{name}-anchor-exchanged",
            "the anchor of another lasting key, sealed in this slot",
            slotted(kind, lasting=other.lasting_key))
    add("slot", "slot-anchor-of-another-vault", "the anchor seal that another vault's slot has",
        slotted(RECOVERY, secret=others[RECOVERY]["secret"]),
        header=slot(0, anchor=others[RECOVERY]["anchor"]))
    add("slot", "slot-anchor-of-another-slot", "two recovery slots exchange their anchor seals",
        slotted(RECOVERY,
            RECOVERY), header=lambda v: v.slots[0].update(anchor=v.slots[1]["anchor"]))

    # Somebody without a key changes the set of slots and makes every checksum right.
    pair = slotted(IDENTITY, IDENTITY)

    def swap(v: Vault) -> None:
        v.slots[0]["number"], v.slots[1]["number"] = 2, 1

    def intruder(v: Vault) -> None:
        v.slot(IDENTITY, b"an identity of somebody else....")

    def unused(v: Vault) -> None:
        v.slots[1]["box"] = flip(v.slots[1]["box"], 40)

    add("header", "slots-swapped", "two slots exchange their numbers", pair, sealed=swap)
    add("slot", "slots-swapped-bound", "two recovery slots exchange their numbers",
        slotted(RECOVERY, RECOVERY), sealed=swap)
    add("header", "slots-dropped", "a slot is gone", pair, sealed=lambda v: v.slots.pop())
    add("header", "slots-dropped-first", "the first slot is gone", pair, open=1,
        sealed=lambda v: v.slots.pop(0))
    add("header", "slots-added", "a slot is added", sealed=intruder)
    add("header", "slots-added-opens", "an added slot with the true commitment opens",
        sealed=intruder, open=brought(IDENTITY, identity_line(b"an identity of somebody else....")))
    add("header", "slots-box-unused", "a bit of the box of a slot that nobody opens", pair,
        sealed=unused)
    add("header", "slots-renumbered", "the only slot gets the number 2", sealed=slot(0, number=2))
    add("header", "slots-renumbered-zero", "the only slot gets the number 0",
        sealed=slot(0, number=0))
    add("header", "slots-renumbered-negative", "the only slot gets the number -1",
        sealed=slot(0, number=-1))
    add("header", "slots-none", "there is no slot", sealed=lambda v: v.slots.clear(),
        open=brought(IDENTITY, identity_line(bytes(range(32)))))
    add("header", "slots-65", "65 slots, all of them in the header", slotted(*[IDENTITY] * 65))
    add("ok", "slots-64", "64 slots, the last opens", slotted(*[IDENTITY] * 64), open=63)
    add("ok", "slots-of-all-kinds", "a slot of every kind", slotted(*KINDS), open=2)

    def numbered(*numbers: int) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = Vault()
            for number in numbers:
                vault.slot(IDENTITY, number=number)
            vault.credential(id=b"fake-credential1")
            return vault
        return make

    add("ok", "slots-gap", "slots 2, 7 and 900", numbered(2, 7, 900), open=1)
    add("ok", "slots-number-zero", "a slot of number 0, sealed so", numbered(0))
    add("ok", "slots-number-negative", "a slot of number -1, sealed so", numbered(-1))


def add_fronts(add: Callable[..., None]) -> None:
    def damaged(column: str, at: int = 0) -> str:
        """SQL that changes a byte of a blob; the checksum is left as it is."""
        return (f"UPDATE vault SET {column} = CAST(substr({column}, 1, {at}) || "
                f"CASE hex(substr({column}, {at + 1}, 1)) WHEN '00' THEN x'01' ELSE x'00' END || "
                f"substr({column}, {at + 2}) AS BLOB);")

    def bit(attribute: str, at: int = 0) -> Change:
        return lambda v: setattr(v, attribute, flip(getattr(v, attribute), at))

    def as_text(table: str, column: str) -> str:
        """SQL that leaves every byte, and says that they are text."""
        return f"UPDATE {table} SET {column} = CAST({column} AS TEXT);"

    def loose(table: str, then: str) -> str:
        """SQL that takes a table's constraints away, and something more."""
        return (f"CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; "
                f"ALTER TABLE loose RENAME TO {table}; {then}")

    for column in ("vault_id", "lasting", "header", "checksum"):
        add("header", f"front-{column.replace('_', '-')}", f"a byte of {column} is another",
            sql=damaged(column, 9))
    add("header", "front-format", "another format, without its checksum",
        sql="UPDATE vault SET format = 2;")
    add("header", "front-row-missing", "the row of vault is missing", sql="DELETE FROM vault;")
    add("file", "front-row-twice", "the row of vault stands there twice",
        sql=loose("vault", "INSERT INTO vault SELECT * FROM vault;"))
    add("file", "front-row-of-id-2", "the row of vault has the id 2",
        sql=loose("vault", "UPDATE vault SET id = 2;"))
    add("header", "front-header-text", "the header is text",
        sql="UPDATE vault SET header = 'fake header';")
    add("file", "front-lasting-null", "the lasting key is NULL",
        sql=loose("vault", "UPDATE vault SET lasting = NULL;"))
    add("header", "front-checksum-short", "a checksum of 31 bytes",
        sql="UPDATE vault SET checksum = substr(checksum, 1, 31);")
    for column in ("vault_id", "lasting", "header", "checksum"):
        add("header", f"type-vault-{column.replace('_', '-')}", f"{column} is text of the same bytes",
            sql=as_text("vault", column))
    for column in ("content", "checksum"):
        add("slot", f"type-slot-{column}", f"a slot's {column} is text of the same bytes",
            sql=as_text("slot", column))
    add("log", "type-log-sealed", "an entry is text of the same bytes",
        sql=as_text("log", "sealed"))
    for table, class_ in (("credential", "record"), ("address", "record"), ("secret", "secret"),
                          ("fingerprint", "record"), ("tree", "freshness")):
        for column in ("id", "sealed"):
            # No secret is found under its id then.
            lost = (table, column) == ("secret", "id")
            add("freshness" if lost else class_, f"type-{table}-{column}", f"{column} of a row is text of the same bytes",
                sql=as_text(table, column))
    for length in (0, 15, 17):
        def resize(v: Vault, length: int = length) -> None:
            v.vault_id = (v.vault_id + b"\0")[:length]
        add("header", f"front-vault-id-{length}", f"a vault's id of {length} bytes", sealed=resize)
    for number, class_ in ((0, "header"), (-1, "header"), (2, "newer-format"),
                           ((1 << 32) + 1, "newer-format"), ((1 << 63) - 1, "newer-format")):
        def later(v: Vault, number: int = number) -> None:
            v.format = number
        add(class_, f"front-format-{number}".replace("--1", "-negative"), f"format {number}",
            sealed=later)
    add("slot-key", "front-vault-id-exchanged", "another vault's id, with its checksum",
        sealed=bit("vault_id"))
    add("slot-key", "front-vault-id-exchanged-bound", "another vault's id, opened by a recovery code",
        slotted(RECOVERY), sealed=bit("vault_id"))
    for name, at in (("nonce", 0), ("ciphertext", 30), ("tag", -1)):
        add("header", f"header-bit-{name}", f"a bit of the header's {name}, with its checksum",
            sealed=bit("sealed_header", at))
        add("header", f"lasting-bit-{name}",
            f"a bit of the lasting key's {name}, with its checksum",
            sealed=bit("lasting", at))
    add("header", "header-short", "a header too short for a seal",
        sealed=lambda v: setattr(v, "sealed_header", v.sealed_header[:39]))
    add("header", "header-empty", "an empty header",
        sealed=lambda v: setattr(v, "sealed_header", b""))

    add("not-a-vault", "file-empty", "a file without a byte", file=lambda data: b"")
    add("not-a-vault", "file-text", "a text", file=lambda data: b"This is no vault.\n" * 100)
    add("not-a-vault", "file-begins-otherwise", "SQLite's first byte is another",
        file=lambda data: b"s" + data[1:])
    add("not-a-vault", "file-of-50-bytes", "a file cut after 50 bytes", file=lambda data: data[:50])
    add("not-a-vault", "file-application-0", "a database without an application id",
        sql="PRAGMA application_id = 0;")
    add("not-a-vault", "file-application-other", "another application's database",
        sql="PRAGMA application_id = 0x726b6571;")
    add("file", "file-cut-in-half", "the second half of the file is gone",
        file=lambda data: data[: len(data) // 1024 * 512])
    add("file", "file-last-page-gone", "the last page is gone", file=lambda data: data[:-512])
    add("file", "file-page-broken", "a page is overwritten",
        file=lambda data: data[:1024] + b"\xff" * 512 + data[1536:])
    for table in ("vault", "slot", "log", "credential", "tree"):
        add("file", f"file-without-{table}", f"table {table} is not there",
            sql=f"DROP TABLE {table};")
    for table, column in (("vault", "checksum"), ("slot", "kind"), ("secret", "sealed")):
        add("file", f"file-without-{table}-{column}", f"column {column} of {table} is not there",
            sql=f"ALTER TABLE {table} RENAME COLUMN {column} TO gone;")
    for name, sql in (
        ("table-more", "CREATE TABLE more(x);"),
        ("index-more", "CREATE INDEX more ON log(sealed);"),
        ("view-more", "CREATE VIEW more AS SELECT 1;"),
        ("trigger-more", "CREATE TRIGGER more AFTER INSERT ON log BEGIN SELECT 1; END;"),
        ("column-more", "ALTER TABLE policy ADD COLUMN more AS (hex(sealed));"),
        ("statistics", "ANALYZE;"),
        ("other-words", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
         "replace(sql, 'number INTEGER', 'number  INTEGER') WHERE name = 'log';"),
        ("default-more", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
         "replace(sql, 'sealed BLOB NOT NULL', 'sealed BLOB NOT NULL DEFAULT 1') "
         "WHERE name = 'log';"),
        ("table-of-another-name", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET tbl_name "
         "= 'more' WHERE name = 'log';"),
    ):  # fmt: skip
        add("file", f"file-{name}", f"a schema that is not a vault's: {name}", sql=sql)
    for name, at in (("written", 18), ("read", 19)):
        def wal(data: bytes, at: int = at) -> bytes:
            return data[:at] + b"\2" + data[at + 1 :]
        add("write-ahead-log", f"file-wal-{name}", f"byte {at} asks for a write-ahead log",
            file=wal)
    add("write-ahead-log", "file-wal", "the header asks for a write-ahead log",
        file=lambda data: data[:18] + b"\2\2" + data[20:])
    add("file", "file-view-for-a-table", "a view stands for table policy",
        sql="DROP TABLE policy; CREATE VIEW policy AS SELECT * FROM address;")


def add_headers(add: Callable[..., None]) -> None:
    def table(change: Callable[[list[Any]], Any]) -> Change:
        return lambda v: v.header.update(tables=change(v.header["tables"]))

    def names(*names: str) -> Change:
        return lambda v: v.header.update(slots=list(enumerate(names, 1)))

    def first(number: int | None = None, rows: int = 0, root: bytes | None = None) -> Change:
        return table(lambda t: [(number or t[0][0], t[0][1] + rows, root or t[0][2]), *t[1:]])

    def older(vault: Callable[..., Vault], seed: str = "vault") -> Change:
        def put(v: Vault) -> None:
            other = vault(seed, 4)
            for stage in (other.seal_rows, other.grow_trees, other.seal_log, other.describe):
                stage()
            other.seal_front()
            v.sealed_header = other.sealed_header
        return put

    def rewritten(seed: str = "vault", generation: int = 5) -> Vault:
        """The same slot in both generations, since only its box would differ."""
        vault = full(seed, generation)
        vault.slots[0]["box"] = box_seal(vault.vault_key, vault.slots[0]["public"],
            bytes(range(32)))
        return vault

    add("freshness", "header-older", "an older header over newer rows", rewritten,
        sealed=older(rewritten))
    add("header", "header-of-another-vault", "another vault's header",
        sealed=older(small, "another"))
    for layout in (0, 2):
        add("header", f"header-layout-{layout}", f"a header of layout {layout}",
            header=lambda v, layout=layout: v.header.update(layout=layout))
    add("header", "header-leftover", "a byte is left over",
        header=lambda v: v.header.update(tail=b"\0"))
    add("header", "header-table-twice", "a table is listed twice",
        header=table(lambda t: [t[0], *t]))
    add("header", "header-tables-descend", "the tables descend", full,
        header=table(lambda t: t[::-1]))
    add("header", "header-table-0", "table 0 is listed",
        header=table(lambda t: [(0, 1, bytes(16)), *t]))
    add("header", "header-table-10", "the tree is listed",
        header=table(lambda t: [*t, (10, 1, bytes(16))]))
    add("header", "header-table-11", "table 11 is listed",
        header=table(lambda t: [*t, (11, 1, bytes(16))]))
    add("header", "header-table-without-rows", "a table with 0 rows is listed",
        header=table(lambda t: [*t, (POLICY, 0, bytes(16))]))
    add("freshness", "header-count-high", "a row too many is counted", header=first(rows=1))
    add("freshness", "header-count-low", "a row too few is counted", full,
        header=table(lambda t: [t[0], (t[1][0], t[1][1] - 1, t[1][2]), *t[2:]]))
    add("freshness", "header-root", "a root's element is another",
        header=first(root=b"fake root elemen"))
    add("freshness", "header-root-zero", "a root's element is zero", header=first(root=bytes(16)))
    add("freshness", "header-table-left-out", "a table with rows is left out", full,
        header=table(lambda t: t[:-1]))
    add("freshness", "header-table-not-there", "a table without a row is listed with one",
        header=table(lambda t: [*t, (POLICY, 1, bytes(16))]))
    add("header", "header-slots-none", "the header names no slot", header=names())
    add("header", "header-slot-left-out", "the header names one slot of two",
        slotted(IDENTITY, IDENTITY), header=names("one"))
    add("header", "header-slot-too-many", "the header names two slots of one",
        header=names("one", "two"))
    add("header", "header-slot-number", "the header names slot 2, there is slot 1",
        header=lambda v: v.header.update(slots=[(2, "laptop")]))
    add("header", "header-slots-descend", "the header names the slots in descending order",
        slotted(IDENTITY, IDENTITY),
        header=lambda v: v.header.update(slots=[(2, "two"), (1, "one")]))
    add("header", "header-names-equal", "two slots of one name", slotted(IDENTITY, IDENTITY),
        header=names("laptop", "laptop"))
    add("ok", "header-names-differ-in-case", "two names that differ in case only",
        slotted(IDENTITY, IDENTITY), header=names("laptop", "Laptop"))
    for class_, what, name in (
        ("ok", "of-64", "n" * 64), ("ok", "of-all-characters", "_@aZ09.+-"), ("ok", "of-one", "7"),
        ("header", "empty", ""), ("header", "of-65", "n" * 65), ("header", "with-space",
         "my laptop"),
        ("header", "with-slash", "my/laptop"), ("header", "with-newline", "laptop\n"),
        ("header", "beyond-ascii", "läptop"), ("header", "with-dot", ".laptop"),
        ("header", "with-plus", "+laptop"), ("header", "with-hyphen", "-laptop"),
    ):  # fmt: skip
        what = f"begins-{what}" if what in ("with-dot", "with-plus", "with-hyphen") else what
        add(class_, f"header-name-{what}", f"the slot's name is {name!r}", header=names(name))

    add("header", "lasting-of-another-vault", "another vault's lasting key, as it is sealed there",
        sealed=lambda v: setattr(v, "lasting", Vault("other").seal_lasting(bytes(32))))
    for length in (0, 31, 33):
        add("header", f"lasting-of-{length}", f"a lasting key of {length} bytes",
            sealed=lambda v, n=length: setattr(v, "lasting",
                v.seal_lasting((v.lasting_key * 2)[:n])))


def add_generations(add: Callable[..., None]) -> None:
    PLACE = 8192

    def places(first: bytes, second: bytes) -> bytes:
        return first.ljust(PLACE, b"\0") + second

    def other_mark(v: Vault) -> dict[int, bytes]:
        return {1: v.marks[1], 2: flip(v.marks[2], 0)}

    for class_, name, what, seen in (
        ("ok", "two", "two records, the newer one second",
         lambda v: places(v.seen(3, entries={}), v.seen(5))),
        ("rolled-back", "two-newer-first", "two records, the newer one first",
         lambda v: places(v.seen(6), v.seen(4))),
        ("ok", "second-alone", "the first record's place is empty",
         lambda v: places(b"", v.seen(5))),
        ("ok", "torn", "the newer record is torn, the older one counts",
         lambda v: places(v.seen(4), v.seen(6)[:60])),
        ("outside-record", "forged", "a bit of the record", lambda v: flip(v.seen(5), 20)),
        ("outside-record", "cut", "the record's last byte is missing", lambda v: v.seen(5)[:-1]),
        ("outside-record", "both-torn", "both records are torn",
         lambda v: places(v.seen(4)[:40], v.seen(5)[:40])),
        ("outside-record", "of-another-vault", "another vault's record",
         lambda v: Vault("another vault").seen(5, entries={}, header=bytes(32))),
        ("outside-record", "layout", "a record of layout 2", lambda v: v.seen(5, layout=2)),
        ("ok", "older-entry", "an entry of the log was seen, and one more came since",
         lambda v: v.seen(4, entries={1: v.marks[1]})),
        ("ok", "no-entry", "no entry of the log was seen", lambda v: v.seen(4, entries={})),
        ("forked", "other-entry", "another entry was seen under a number",
         lambda v: v.seen(4, entries=other_mark(v))),
        ("forked", "longer-log", "a longer log was seen, of a lower generation",
         lambda v: v.seen(4, entries={2: v.marks[2], 3: bytes(16)})),
        ("forked", "other-header", "another vault of the same generation was seen",
         lambda v: v.seen(5, header=bytes(32))),
    ):  # fmt: skip
        add(class_, f"seen-{name}", what, seen=seen)
    add("ok", "seen-equal", "the last seen generation is the vault's", seen=5)
    add("ok", "seen-lower", "the last seen generation is lower", seen=4)
    add("ok", "seen-zero", "the last seen generation is 0", seen=0)
    add("rolled-back", "seen-higher", "the last seen generation is higher", seen=6)
    add("rolled-back", "seen-highest", "the last seen generation is the highest",
        seen=(1 << 64) - 1)
    add("ok", "generation-high", "a vault in generation 2^63 - 1",
        lambda: small(generation=(1 << 63) - 1), seen=(1 << 63) - 1)


def add_contents(add: Callable[..., None]) -> None:
    def with_(fill: Change) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = Vault()
            vault.slot(IDENTITY, bytes(range(32)), name="laptop")
            fill(vault)
            return vault
        return make

    def several(count: int) -> Change:
        def fill(v: Vault) -> None:
            for n in range(count):
                id = v.random.randbytes(16)
                secrets = {"key": f"fake-key-{n}"}
                made = [v.version(id, 1, secrets=secrets)]
                v.credential([f"fake/prod/{n}"], made, id=id, values=secrets)
        return fill

    def versions(*numbered: tuple[int, int, bool], values: int | None) -> Change:
        def fill(v: Vault) -> None:
            id = b"fake-credential1"
            made = [v.version(id, n, state, erased=erased) for n, state, erased in numbered]
            key = {} if values is None else {"key": f"fake-key-{id.hex()[:4]}-{values}"}
            v.credential(versions=made, id=id, values=key)
        return fill

    def secrets(secrets: dict[str, str], everything: bool = False) -> Change:
        def fill(v: Vault) -> None:
            id = b"fake-credential1"
            made = [v.version(id, 1, secrets=secrets, everything=everything)]
            v.credential(versions=made, id=id, values=secrets)
        return fill

    def everything(v: Vault) -> None:
        id = b"fake-credential1"
        fields = (field_form("user", secret=0, role=1, everything=True),
                  field_form("key", everything=True), field_form("other", role=3))
        made = [v.version(id, 1, secrets={"key": "fake-key-1"}, everything=True)]
        v.credential(
            versions=made, id=id, own_base_url=1, prefix="FAKE_ONE",
            terms=terms_form(fields, mode=2, lifetime=30 * DAY, dead_when=(5, 2)), account="fake-acct",
            maximum_age=60 * DAY,
            check=check_form(everything=True),
        )  # fmt: skip

    def bare(v: Vault) -> None:
        id = b"fake-credential1"
        v.credential(versions=[v.version(id, 1, secrets={})], id=id, terms=terms_form([]), note="")

    def sharing(v: Vault) -> None:
        ids = (b"fake-credential1", b"fake-credential2")
        for number, id in enumerate(ids):
            made = [v.version(id, 1, secrets={"key": "fake-key-shared"})]
            v.credential([f"fake/prod/{number}"], made, id=id, values={"key": "fake-key-shared"})
        where = v.row_id(FINGERPRINT, v.fingerprint("fake-key-shared"))
        v.plain[FINGERPRINT][where] = b"\1" + listed(ids)

    def rotations(v: Vault) -> None:
        for state in range(1, 11):
            v.rotation(v.credential([f"fake/prod/{state}"]), range(1, state + 1))

    def every_outcome(v: Vault) -> None:
        numbers = {6: (2, 3), 9: (1 << 62,), 22: (1, 2), 10: (3,), 11: (8,)} | {n: (4,) for n in range(15, 22)}
        for code in range(1, 23):
            words = "fäke" if code == 3 else ""
            v.log(ROTATE, outcome=log_outcome(code, *numbers.get(code, ()), words=words))

    def outcomes(v: Vault) -> None:
        for outcome in range(1, 11):
            v.credential([f"fake/prod/{outcome}"], check=check_form(outcome))

    def neighbours(v: Vault) -> None:
        for id in (b"fake-credential1", b"fake-credential2"):
            v.credential([f"fake/prod/{id.decode()}"], id=id)

    def last_bucket(v: Vault) -> None:
        id = b"fake-credential1"
        names = (f"key-{n}" for n in range(1 << 24))
        field = next(name for name in names if v.secret_id(id, 1, name)[:2] == b"\xff\xff")
        secrets({field: "fake-key-last"})(v)

    last_first = (3, PENDING, False), (2, CURRENT, False), (1, PREVIOUS, False)
    for name, what, fill in (
        ("empty", "a vault without a row", lambda v: None),
        ("one", "one credential", several(1)), ("three", "three credentials", several(3)),
        ("twenty", "twenty credentials", several(20)),
        ("two-addresses", "two addresses on a credential",
         lambda v: v.credential(("fake/prod/one", "fake/prod/two"))),
        ("versions", "a pending, a current and a previous version",
         versions(*last_first, values=2)),
        ("version-pending-only", "a pending version and no current one",
         versions((1, PENDING, False), values=None)),
        ("version-retired-erased", "a retired version, its secret erased",
         versions((1, RETIRED, True), (2, CURRENT, False), values=2)),
        ("version-retired-kept", "a retired version, its secret not erased",
         versions((1, RETIRED, False), (2, CURRENT, False), values=2)),
        ("version-retired-only", "no version but a retired one",
         versions((1, RETIRED, True), values=None)),
        ("removed", "a credential without an address, whose versions are retired",
         lambda v: v.credential((), [v.version(b"fake-credential1", 1, RETIRED, erased=True)],
                                id=b"fake-credential1", values={})),
        ("fields", "a version of two secrets",
         secrets({"key": "fake-key-a", "token": "fake-key-b"})),
        ("secret-unicode", "a secret beyond ASCII", secrets({"key": "fäke-kéy-☂"})),
        ("secret-long", "a secret of 2,000 characters", secrets({"key": "fake-key-" * 222 + "xx"})),
        ("secret-of-one", "a secret of one character", secrets({"key": "f"})),
        ("secret-last-bucket", "a secret whose row's id begins with ff ff", last_bucket),
        ("note-unicode", "a note beyond ASCII",
         lambda v: v.credential(note="nöte ☂ \U0001f511\n\0")),
        ("note-empty", "an empty note", lambda v: v.credential(note="")),
        ("everything", "every optional part is there, so that the current version is retired",
         everything),
        ("bare", "no optional part of a credential, and no field", bare),
        ("secret-shared", "two credentials have the same secret", sharing),
        ("outcomes", "ten credentials, each with another outcome of its check", outcomes),
        ("policy", "a policy of two rules", lambda v: v.policy(("fake/*", DAY), ("*", 2 * DAY))),
        ("rotations", "ten rotations, each in another state", rotations),
        ("rotation-everything", "every optional part of a rotation is there",
         lambda v: v.rotation(v.credential(), mode=2, everything=True)),
        ("target-everything", "a target with everything",
         lambda v: v.deployment(targets=[target_form(everything=True, hook_due=1)])),
        ("targets-none", "a deployment without targets", lambda v: v.deployment(targets=[])),
        ("bucket-of-two", "two credentials in one bucket", neighbours),
        ("log-of-all-outcomes", "an entry for each outcome", every_outcome),
        ("log-of-forty", "a log of forty entries", lambda v: v.log(*(1 + n % 20 for n in range(40)))),
    ):  # fmt: skip
        add("ok", f"content-{name}", what, with_(fill))
    for name, what, fill in (
        ("address-unicode", "an address beyond ASCII", lambda v: v.credential(["fäke/prod/☂"])),
        ("address-parts", "an address of two parts", lambda v: v.credential(["fake/prod"])),
        ("address-long", "a name of 65 characters",
         lambda v: v.credential(["fake/prod/" + "x" * 65])),
        ("address-dot", "a name that begins with a dot", lambda v: v.credential(["fake/.prod/x"])),
        ("addresses-none", "no address at all", lambda v: v.credential(())),
        ("addresses-none-previous", "no address, and a previous version",
         lambda v: v.credential((), [v.version(b"fake-credential1", 1, RETIRED, erased=True),
                                     v.version(b"fake-credential1", 2, PREVIOUS)],
                                id=b"fake-credential1", values={})),
        ("versions-none", "no version at all", lambda v: v.credential(versions=[])),
        ("rotation-no-state", "a rotation without a state",
         lambda v: v.rotation(v.credential(), ())),
        ("deployment-parts", "a deployment of one part", lambda v: v.deployment("fake")),
        ("pattern", "a pattern with a space", lambda v: v.policy(("fake/ *", DAY))),
        ("pattern-empty", "an empty pattern", lambda v: v.policy(("", DAY))),
    ):  # fmt: skip
        add("record", f"content-{name}", what, with_(fill))
    add("versions", "content-two-current", "two current versions",
        with_(versions((1, CURRENT, False), (2, CURRENT, False), values=2)))
    add("ok", "content-attempts-none", "a host without an attempt",
        with_(lambda v: v.attempts(times=())))
    add("ok", "content-full", "something in every table", full)
    add("ok", "content-older-rows", "rows of earlier generations",
        rows=lambda v: (v.rows[ADDRESS].clear(), [v.seal_row(ADDRESS, id, plain, 2)
                                                  for id, plain in v.plain[ADDRESS].items()]))


def add_rows(add: Callable[..., None]) -> None:
    def older(seed: str = "vault") -> Vault:
        vault = full(seed, 4)
        vault.seal_rows()
        vault.grow_trees()
        return vault

    def put(table: int, n: int, **changes: Any) -> Change:
        return lambda v: v.rows[table][n].update(changes)

    def old(table: int, vault: Vault = older()) -> Change:
        return lambda v: v.rows[table].__setitem__(0, vault.rows[table][0])

    def bit(table: int, at: int) -> Change:
        def change(v: Vault) -> None:
            v.rows[table][0]["sealed"] = flip(v.rows[table][0]["sealed"], at)
        return change

    def delete(table: int) -> Change:
        return lambda v: v.rows[table].pop()

    def move(table: int, to: int) -> Change:
        return lambda v: v.rows[to].append(v.rows[table].pop())

    def double(table: str) -> str:
        return (f"CREATE TABLE loose AS SELECT * FROM {table}; "
                f"INSERT INTO loose SELECT * FROM {table}; DROP TABLE {table}; "
                f"ALTER TABLE loose RENAME TO {table};")

    for table, name in enumerate(TABLES, 1):
        # Nonce and tag of a secret are in its bucket's sum, which is compared before it is opened.
        ordinary = {SECRET: "secret", TREE: "freshness"}.get(table, "record")
        in_sum = "freshness" if table in (SECRET, TREE) else "record"
        add(in_sum, f"row-{name}-bit-nonce", "a bit of a row's nonce", full, sealed=bit(table, 0))
        if table != SECRET:
            add(ordinary, f"row-{name}-bit-ciphertext", "a bit of a row's ciphertext", full,
                sealed=bit(table, 24))
        else:
            add("secret", "row-secret-bit-ciphertext", "a bit of a secret's ciphertext", full,
                sealed=bit(table, 24))
        add(in_sum, f"row-{name}-bit-tag", "a bit of a row's tag", full, sealed=bit(table, -1))
        add("freshness", f"row-{name}-deleted", "a row is gone", full, sealed=delete(table))
        add("freshness", f"row-{name}-older", "a row is the one of an earlier generation", full,
            sealed=old(table))
        add("freshness" if in_sum == "freshness" else "record", f"row-{name}-revision",
            "a row's revision is another", full, sealed=put(table, 0, revision=4))
    other = older("another vault")
    add("record", "row-of-another-vault", "another vault's row under the same id", full,
        sealed=old(CREDENTIAL, other))
    for table in (CREDENTIAL, ADDRESS, DEPLOYMENT, SECRET, POLICY, CONTROL, ATTEMPT, TREE):
        name = TABLES[table - 1]
        add("file", f"row-{name}-doubled", "every row stands there twice", full,
            sql=double(name))
    add("record", "row-moved-to-another-id", "a row under an id that is not its own", full,
        sealed=put(DEPLOYMENT, 0, id=b"a fake row's id."))
    add("record", "rows-exchanged", "two rows exchange their ids", full,
        sealed=lambda v: [row.update(id=id) for row, id in
                          zip(v.rows[ADDRESS], [row["id"] for row in v.rows[ADDRESS]][::-1])])
    add("record", "row-moved-to-an-earlier-table", "a rotation in table deployment", full,
        sealed=move(ROTATION, DEPLOYMENT))
    add("freshness", "row-moved-to-a-later-table", "a deployment in table rotation", full,
        sealed=move(DEPLOYMENT, ROTATION))
    add("record", "row-revision-negative", "a row's revision is negative", full,
        sealed=put(CREDENTIAL, 0, revision=-1))
    add("record", "row-revision-text", "a row's revision is text", full,
        sql="UPDATE credential SET revision = 'five';")
    add("freshness", "row-revision-later",
        "a row is sealed for a later generation than the vault's",
        full, rows=lambda v: (v.rows[POLICY].clear(),
                              v.seal_row(POLICY, *next(iter(v.plain[POLICY].items())), 6)))
    add("record", "row-id-of-15", "a row's id has 15 bytes", full,
        sealed=lambda v: v.rows[POLICY][0].update(id=v.rows[POLICY][0]["id"][:15]))
    add("record", "row-id-of-17", "a row's id has 17 bytes", full,
        sealed=lambda v: v.rows[POLICY][0].update(id=v.rows[POLICY][0]["id"] + b"\0"))
    add("record", "row-id-text", "a row's id is text", full,
        sql="UPDATE policy SET id = 'fake id 16 bytes';")
    add("record", "row-sealed-text", "a row's seal is text", full,
        sql="UPDATE policy SET sealed = 'fake';")
    add("record", "row-short", "a row of 39 bytes, too short for a seal", full,
        sealed=lambda v: v.rows[POLICY][0].update(sealed=v.rows[POLICY][0]["sealed"][:39]))
    add("record", "row-empty", "a row without a byte", full, sealed=put(POLICY, 0, sealed=b""))
    add("record", "row-added", "a row that nobody sealed", full, sealed=lambda v: v.rows[
        DEPLOYMENT].append({"id": b"a fake row's id.", "revision": 5, "sealed": bytes(80)}))
    add("freshness", "row-of-a-deleted-credential", "a row that was there in an earlier generation",
        full, sealed=lambda v: v.rows[DEPLOYMENT].append(departed(v)))


def departed(vault: Vault) -> dict[str, Any]:
    old = Vault(generation=4)
    old.deployment("fake/departed")
    old.seal_rows()
    return old.rows[DEPLOYMENT][0]


def add_forms(add: Callable[..., None]) -> None:
    """Records that are sealed well, in trees that fit, but have a wrong form."""

    def every(table: int, change: Callable[[bytes], bytes]) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = full()
            id, plain = next(iter(vault.plain[table].items()))
            vault.plain[table][id] = change(plain)
            return vault
        return make

    forms = (CREDENTIAL, ADDRESS, DEPLOYMENT, FINGERPRINT, ROTATION, POLICY)
    for table in forms:
        name = TABLES[table - 1]
        for fault, what, change in (
            ("cut", "the last byte is missing", lambda plain: plain[:-1]),
            ("leftover", "a byte is left over", lambda plain: plain + b"\0"),
            ("layout", "layout 2", lambda plain: b"\2" + plain[1:]),
            ("nothing", "no byte at all", lambda plain: b""),
        ):
            add("record", f"form-{name}-{fault}", what, every(table, change))

    def swap(name: str, what: str, table: int, old: bytes, new: bytes) -> None:
        add("record", f"form-{name}", what, every(table, lambda plain: swapped(plain, old, new)))

    most = b"\xff" * 4
    field = field_form("key")
    label = text("key") + text("Key")
    for role in (0, 4):
        swap(f"role-{role}", f"a field of role {role}", CREDENTIAL, field,
            field_form("key", role=role))
    swap("flag-secret", "a flag of 2", CREDENTIAL, field, field_form("key", secret=2))
    swap("flag-optional", "a flag of 255", CREDENTIAL, label + b"\1\0", label + b"\1\xff")
    swap("optional", "an optional that begins with 2", CREDENTIAL, field, field[:-1] + b"\2")
    for mode in (0, 3):
        swap(f"mode-{mode}", f"mode {mode}", CREDENTIAL, text("FAKE") + b"\1",
            text("FAKE") + u8(mode))
    addresses = u32(2) + text("fake/prod/one")
    swap("flag-own-base-url", "a flag of 2", CREDENTIAL, b"\0" + addresses, b"\2" + addresses)
    for state in (0, 5):
        swap(f"version-state-{state}", f"a version of state {state}", CREDENTIAL,
             i64(2) + u8(CURRENT) + i64(NOW), i64(2) + u8(state) + i64(NOW))
    swap("count-addresses", "the most addresses that a count can say", CREDENTIAL, addresses,
         most + addresses[4:])
    swap("count-versions", "the most versions that a count can say", CREDENTIAL,
         u32(2) + i64(1) + u8(RETIRED), most + i64(1) + u8(RETIRED))
    swap("length-note", "the longest note that a length can say", CREDENTIAL, text("fake note"),
         most + b"fake note")
    for name, what, note in (
        ("note-latin-1", "a note in Latin-1", b"fake n\xf6te"),
        ("note-overlong", "a note with an overlong character", b"fake no\xc0\xaf"),
        ("note-surrogate", "a note with a surrogate", b"fake n\xed\xa0\x80"),
    ):
        swap(name, what, CREDENTIAL, b"fake note", note)
    swap("deployment-latin-1", "a deployment's name in Latin-1", DEPLOYMENT, b"dotenv",
        b"d\xf6tenv")
    swap("deployment-count-targets", "the most targets that a count can say", DEPLOYMENT,
         u32(1) + text("/srv/fake/.env"), most + text("/srv/fake/.env"))
    swap("deployment-hook-due", "a flag of 2", DEPLOYMENT, target_form(), target_form(hook_due=2))
    swap("deployment-in-place", "a flag of 2", DEPLOYMENT, target_form(), target_form(in_place=2))
    swap("policy-latin-1", "a pattern in Latin-1", POLICY, b"fake/*", b"f\xe4ke/*")
    swap("policy-count", "the most rules that a count can say", POLICY, u32(1) + text("fake/*"),
         most + text("fake/*"))
    add("record", "form-fingerprint-count", "the most credentials that a count can say",
        every(FINGERPRINT, lambda plain: plain[:1] + most + plain[5:]))
    for state in (0, 11):
        swap(f"rotation-state-{state}", f"a rotation of state {state}", ROTATION,
             u8(2) + i64(NOW + 2), u8(state) + i64(NOW + 2))
    for mode in (0, 3):
        swap(f"rotation-mode-{mode}", f"mode {mode}", ROTATION, b"one\1", b"one" + u8(mode))

    def checked(outcome: int) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = small()
            vault.credential(id=b"fake-credential1", check=check_form(outcome))
            return vault
        return make

    def caused(cause: int) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = small()
            vault.credential(id=b"fake-credential1", check=check_form(9, cause=cause, everything=True))
            return vault
        return make

    def probed(outcome: int) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = small()
            vault.rotation(b"fake-credential1", everything=True, outcome=outcome)
            return vault
        return make

    for cause in (0, 22):
        add("record", f"form-check-cause-{cause}", f"a check of cause {cause}", caused(cause))
    for problem in (0, 13):
        swap(f"target-problem-{problem}", f"a target's problem of number {problem}", DEPLOYMENT,
             target_form(), target_form(everything=True, problem=problem))
    for outcome in (0, 11):
        add("record", f"form-check-outcome-{outcome}", f"a check of outcome {outcome}",
            checked(outcome))
        add("record", f"form-probe-outcome-{outcome}", f"a probe of outcome {outcome}",
            probed(outcome))

    def misplaced(table: int, id: bytes | None = None) -> Callable[[], Vault]:
        """A record of a good form, sealed for a place that is not its own."""
        def make() -> Vault:
            vault = full()
            old = next(iter(vault.plain[table]))
            vault.plain[table][id or vault.row_id(table,
                b"a fake name")] = vault.plain[table].pop(old)
            return vault
        return make

    for table in (CREDENTIAL, ADDRESS, DEPLOYMENT, ROTATION, POLICY, CONTROL, ATTEMPT):
        add("record", f"place-{TABLES[table - 1]}",
            "a record sealed under an id that is not its own",
            misplaced(table))

    def second_policy(v: Vault) -> None:
        v.plain[POLICY][b"a fake row's id."] = b"\1" + listed([])

    def address_of(v: Vault, credential: bytes) -> None:
        v.plain[ADDRESS][v.row_id(ADDRESS, b"fake/prod/one")] = b"\1" + credential

    def changed(change: Change) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = full()
            change(vault)
            return vault
        return make

    add("record", "place-second-policy", "a second policy", changed(second_policy))
    add("record", "place-address-of-another", "an address's row names another credential",
        changed(lambda v: address_of(v, b"fake-credential9")))
    add("record", "place-address-missing", "a credential's address has no row",
        changed(lambda v: v.plain[ADDRESS].pop(v.row_id(ADDRESS, b"fake/prod/two"))))


def add_secrets(add: Callable[..., None]) -> None:
    def kept(change: Callable[[Vault, bytes], Any], state: int = CURRENT) -> Callable[[], Vault]:
        """A credential of one version, whose secret is changed before it is sealed."""
        def make() -> Vault:
            vault = Vault()
            vault.slot(IDENTITY, bytes(range(32)))
            id = b"fake-credential1"
            vault.credential(versions=[vault.version(id, 1, state)], id=id)
            change(vault, vault.secret_id(id, 1))
            return vault
        return make

    for name, state in (("current", CURRENT), ("pending", PENDING), ("previous", PREVIOUS)):
        add("secret", f"secret-missing-{name}", f"the secret of a {name} version is missing",
            kept(lambda v, id: v.plain[SECRET].pop(id), state))
        add("secret", f"secret-other-{name}", f"the secret of a {name} version is another",
            kept(lambda v, id: v.plain[SECRET].update({id: b"fake-key-other"}), state))
    add("secret", "secret-emptied", "a secret without a byte under a fingerprint of another",
        kept(lambda v, id: v.plain[SECRET].update({id: b""})))
    add("secret", "secret-of-another-version", "a secret stands under the next version's id",
        kept(lambda v, id: v.plain[SECRET].update(
            {v.secret_id(b"fake-credential1", 2): v.plain[SECRET].pop(id)})))
    add("secret", "secret-sealed-as-record", "a secret sealed with the records' key",
        kept(lambda v, id: v.keys.update({2: v.keys[1]})))


def add_trees(add: Callable[..., None]) -> None:
    Children = list[tuple[int, bytes]]

    def node(id: Callable[[Vault], bytes], change: Callable[[Children], Any]) -> Callable[[],
        Vault]:
        """The node of an id, changed before it is sealed."""
        def make() -> Vault:
            vault = full()
            vault.nodes[id(vault)] = change
            return vault
        return make

    def root(table: int) -> Callable[[Vault], bytes]:
        return lambda vault: root_id(table)

    def inner(table: int) -> Callable[[Vault], bytes]:
        return lambda vault: node_id(table, min(vault.plain[table])[0])

    def drop(wanted: Callable[[bytes], bool]) -> Change:
        def change(v: Vault) -> None:
            v.rows[TREE] = [row for row in v.rows[TREE] if not wanted(row["id"])]
        return change

    def old(wanted: bytes) -> Change:
        earlier = full(generation=4)
        earlier.seal_rows()
        earlier.grow_trees()
        def change(v: Vault) -> None:
            kept = [row for row in v.rows[TREE] if row["id"] != wanted]
            v.rows[TREE] = kept + [row for row in earlier.rows[TREE] if row["id"] == wanted]
        return change

    def raw(children: Children) -> bytes:
        return b"\1" + listed(u8(child) + sum_ for child, sum_ in children)

    first = b"fake-credential1"[0]
    add("freshness", "tree-root-missing", "a root is gone", full,
        sealed=drop(lambda id: id == root_id(POLICY)))
    add("freshness", "tree-node-missing", "a node is gone", full,
        sealed=drop(lambda id: id == node_id(CREDENTIAL, first)))
    add("freshness", "tree-missing", "every row of table tree is gone", full,
        sealed=drop(lambda id: True))
    add("freshness", "tree-root-older", "a root is the one of an earlier generation", full,
        sealed=old(root_id(CREDENTIAL)))
    add("freshness", "tree-node-older", "a node is the one of an earlier generation", full,
        sealed=old(node_id(CREDENTIAL, first)))
    add("freshness", "tree-node-unlisted", "a node that no root lists", full,
        rows=lambda v: v.seal_row(TREE, node_id(POLICY, 0xEE), raw([(1, bytes([1] * 16))])))
    add("freshness", "tree-root-of-nothing", "a root of a table without rows", small,
        rows=lambda v: v.seal_row(TREE, root_id(POLICY), raw([(1, bytes([1] * 16))])))
    zero = bytes(16)
    for name, what, change in (
        ("sum", "a sum is another", lambda c: [(c[0][0], flip(c[0][1], 0)), *c[1:]]),
        ("sum-missing", "a sum is not listed", lambda c: c[1:] or [((c[0][0] + 1) % 256, c[0][1])]),
        ("sum-added", "a sum of no row is listed", lambda c: sorted([*c, (extra(c), b"\1" * 16)])),
        ("zero", "a sum of zero is listed", lambda c: sorted([*c, (extra(c), zero)])),
        ("twice", "a sum is listed twice", lambda c: [c[0], *c]),
        ("nothing", "it lists nothing", lambda c: []),
        ("layout", "layout 2", lambda c: b"\2" + raw(c)[1:]),
        ("leftover", "a byte is left over", lambda c: raw(c) + b"\0"),
        ("cut", "the last byte is missing", lambda c: raw(c)[:-1]),
        ("count", "the most children that a count can say",
         lambda c: b"\1" + b"\xff" * 4 + raw(c)[5:]),
    ):  # fmt: skip
        add("freshness", f"tree-root-{name}", f"in a root: {what}", node(root(CREDENTIAL), change))
        add("freshness", f"tree-node-{name}", f"in a node: {what}", node(inner(CREDENTIAL), change))
    add("freshness", "tree-root-order", "a root's children descend",
        node(root(ADDRESS), lambda c: c[::-1]))


def extra(children: list[tuple[int, bytes]]) -> int:
    """A child that is not listed, and in ascending order comes last if it can."""
    return next(n for n in range(255, -1, -1) if n not in dict(children))


def add_logs(add: Callable[..., None]) -> None:
    def entries(change: Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]]) -> Change:
        return lambda v: setattr(v, "sealed_entries", change(v.sealed_entries))

    def entry(n: int, **changes: Any) -> Callable[[], Vault]:
        def make() -> Vault:
            vault = full()
            vault.entries[n].update(changes)
            return vault
        return make

    def other(seed: str, actions: tuple[int, ...]) -> list[tuple[int, bytes]]:
        vault = Vault(seed)
        vault.log(*actions)
        vault.seal_log()
        return vault.sealed_entries

    def unlogged() -> Vault:
        vault = Vault()
        vault.slot(IDENTITY, bytes(range(32)))
        return vault

    strange = other("another", (TRUST, ADD, ROTATE))
    for name, what, change in (
        ("cut", "the last entry is gone", lambda e: e[:-1]),
        ("empty", "every entry is gone", lambda e: []),
        ("thinned", "an entry is gone, and the next has its number",
         lambda e: [e[0], (2, e[2][1])]),
        ("gap", "an entry is gone, and the next keeps its number", lambda e: [e[0], e[2]]),
        ("first-missing", "the first entry is gone", lambda e: e[1:]),
        ("reordered", "two entries exchange their numbers",
         lambda e: [e[0], (2, e[2][1]), (3, e[1][1])]),
        ("padded", "the last entry stands there once more", lambda e: [*e, (4, e[2][1])]),
        ("from-zero", "the numbers begin with 0", lambda e: [(n - 1, sealed) for n, sealed in e]),
        ("number-far", "the last entry has a far number", lambda e: [*e[:2], (1 << 40, e[2][1])]),
        ("of-another-vault", "an entry of another vault", lambda e: [*e[:2], strange[2]]),
        ("bit", "a bit of an entry", lambda e: [e[0], (2, flip(e[1][1], 30)), e[2]]),
        ("short", "an entry too short for a seal", lambda e: [e[0], (2, e[1][1][:39]), e[2]]),
        ("earlier-end", "an end that another writer of this vault sealed",
         lambda e: [*e[:2], other("vault", (TRUST, ADD, ADD))[2]]),
    ):  # fmt: skip
        add("log", f"log-{name}", what, full, sealed=entries(change))
    add("log", "log-entry-text", "an entry is text", full, sql="UPDATE log SET sealed = 'fake';")
    add("log", "log-head", "the header has another head", full,
        header=lambda v: v.header.update(log_head=flip(v.header["log_head"], 0)))
    for what, count in (("high", 4), ("low", 2)):
        add("log", f"log-count-{what}", f"the header's number of entries is too {what}", full,
            header=lambda v, count=count: v.header.update(log_entries=count))
    add("log", "log-count-negative", "the header's number of entries is negative", full,
        header=lambda v: v.header.update(log_entries=-1))
    for name, what, changes in (
        ("layout", "an entry of layout 2", {"layout": 2}),
        ("leftover", "a byte is left over in an entry", {"tail": b"\0"}),
        ("cut", "an entry's last byte is missing", {"change": lambda plain: plain[:-1]}),
        ("nothing", "an entry without a byte", {"change": lambda plain: b""}),
        ("latin-1", "a host in Latin-1",
         {"change": lambda plain: swapped(plain, b"fake-host", b"f\xe4ke-host")}),
        ("action-0", "an action of number 0", {"action": 0}),
        ("action-21", "an action that nobody knows", {"action": 21}),
        ("outcome-0", "an outcome of number 0", {"outcome": log_outcome(0)}),
        ("outcome-23", "an outcome that nobody knows", {"outcome": log_outcome(23)}),
        ("outcome-number-more", "an outcome with a number that it has not", {"outcome": log_outcome(1, 7)}),
        ("outcome-number-less", "an outcome without a number that it has", {"outcome": log_outcome(6, 1)}),
        ("outcome-text", "an outcome with a text that it has not", {"outcome": log_outcome(1, words="fake")}),
        ("outcome-state", "a state that no rotation has", {"outcome": log_outcome(10, 11)}),
        ("outcome-of-key", "a key's outcome that nobody knows", {"outcome": log_outcome(11, 256 + 8)}),
        ("previous", "an entry that follows another one", {"previous": b"\1" * 32}),
        ("bound", "an entry sealed for another number", {"bound": 9}),
    ):  # fmt: skip
        add("log", f"log-form-{name}", what, entry(2, **changes))
    add("log", "log-first-follows", "the first entry follows another one",
        entry(0, previous=b"\1" * 32))
    add("ok", "log-none", "a log without entries; its head is zeros", unlogged)
    add("log", "log-none-head", "a log without entries, whose head is not zeros", unlogged,
        header=lambda v: v.header.update(log_head=digest(b"")))


def write_emergency_files(vectors: Vectors) -> None:
    """Emergency files of one of the vaults, and what a reader finds in each."""
    name = "open-identity"
    vault = vectors.vaults[name]
    opener = vault.slots[0]["open"]
    one, two = {"key": "fake-issued-key"}, {"key": "fake-issued-key", "user": "fäke"}
    whole = vault.emergency(one)
    listing = []
    for what, title, content, values in (
        ("one-value", "a value", whole, one),
        ("two-values", "two values, and when they end", vault.emergency(two, expires=NOW + DAY), two),
        ("long-value", "a value that fills the file", vault.emergency({"key": "k" * 65_000}), {"key": "k" * 65_000}),
        ("unfilled", "room that was never filled", bytes(4).ljust(EMERGENCY_SIZE, b"\xff"), "blank"),
        ("unfilled-short", "room that was not yet whole", bytes(4).ljust(1000, b"\xff"), "blank"),
        ("empty", "not a byte", b"", "blank"),
        ("three", "three bytes", b"\1\0\0", "blank"),
        ("short", "a filled one, cut after its values", whole[:500], one),
        ("cut", "a filled one, cut in its values", whole[:90], None),
        ("bit", "a bit of the sealed values", flip(whole, 50), None),
        ("length", "a length beyond the end", u32(EMERGENCY_SIZE) + whole[4:], None),
        ("other-vault", "another vault's", Vault("another vault").emergency(one), None),
        ("layout", "layout 2", vault.emergency(one, layout=2), None),
        ("leftover", "a byte left over", vault.emergency(one, tail=b"\0"), None),
    ):  # fmt: skip
        (vectors.directory / f"emergency-{what}.key").write_bytes(content)
        listing.append({"name": what, "what": title, "vault": name, "open": opener, "found": values})
    text = json.dumps(listing, indent=1, ensure_ascii=False)
    (vectors.directory / "emergency.json").write_text(text + "\n")


def write_corpus(vectors: Vectors, directory: Path) -> None:
    """A record of each table that is not a secret's, and a node: the number of the table before it."""
    for name in (
        "content-everything", "content-full", "content-outcomes", "content-rotation-everything",
        "content-target-everything",
    ):  # fmt: skip
        vault = vectors.vaults[name]
        plain = {table: next(iter(vault.plain[table].values()), None) for table in range(CREDENTIAL, TREE)}
        plain[TREE] = vault.grown[root_id(next(iter(vault.roots)))]
        for table, content in plain.items():
            if content is not None and table != SECRET:
                (directory / f"{name}-{TABLES[table - 1]}").write_bytes(u8(table) + content)


def main(directory: Path, corpus: Path | None) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    vectors = Vectors(directory)
    parts = (
        add_openers, add_costs, add_slots, add_fronts, add_headers, add_generations, add_contents,
        add_rows, add_forms, add_secrets, add_trees, add_logs,
    )  # fmt: skip
    for part in parts:
        part(vectors.add)
    listing = json.dumps(vectors.list, indent=1, ensure_ascii=False)
    (directory / "vectors.json").write_text(listing + "\n")
    write_emergency_files(vectors)
    if corpus:
        write_corpus(vectors, corpus)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: make.py DIRECTORY [CORPUS]")
    main(*map(Path, sys.argv[1:]), *[None] * (3 - len(sys.argv)))
