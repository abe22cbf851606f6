#!/usr/bin/python3
"""A second reader of rekeep vaults, written from the format's description alone.

It opens a vault read-only, checks all of it in the order that the description gives, and says what
it found or the class of the first thing that does not fit. Nothing read from the file is believed
before its length and its seal are checked.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import reduce
from io import BytesIO
from operator import xor
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

MAGIC, APPLICATION_ID = b"SQLite format 3\0", 0x726B6570
FORMAT = 1
MAX_BLOB = 4 << 20
MAX_SLOTS = 64
EXIT_DAMAGE, EXIT_NO_SLOT_FITS = 76, 77

TABLES = (
    "credential", "address", "deployment", "secret", "fingerprint", "rotation", "policy", "control",
    "attempt", "tree",
)  # fmt: skip
(
    CREDENTIAL, ADDRESS, DEPLOYMENT, SECRET, FINGERPRINT, ROTATION, POLICY, CONTROL, ATTEMPT, TREE,
) = range(1, 11)  # fmt: skip
KINDS = ("passphrase", "identity", "recovery", "keyring")
PASSPHRASE, IDENTITY, RECOVERY, KEYRING = range(1, 5)
COLUMNS = {
    "vault": "id, vault_id, format, lasting, header, checksum",
    "slot": "number, kind, content, checksum",
    "log": "number, sealed",
    **dict.fromkeys(TABLES, "id, revision, sealed"),
}

SCHEMA = {
    "vault": "CREATE TABLE vault(id INTEGER PRIMARY KEY CHECK(id=1), vault_id BLOB NOT NULL, "
    "format INTEGER NOT NULL, lasting BLOB NOT NULL, header BLOB NOT NULL, checksum BLOB NOT NULL)",
    "slot": "CREATE TABLE slot(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, "
    "content BLOB NOT NULL, checksum BLOB NOT NULL)",
    "log": "CREATE TABLE log(number INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
    **{
        name: f"CREATE TABLE {name}"
        "(id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL)"
        for name in TABLES
    },
}

# The numbers of the subkeys.
RECORDS, SECRETS, ROW_IDS, FINGERPRINTS, HEADER, FRESHNESS, LOG, OUTSIDE, ANCHOR, EMERGENCY = range(1, 11)
OF_VAULT_KEY = (RECORDS, SECRETS, ROW_IDS, HEADER, FRESHNESS, LOG)
OF_LASTING_KEY = (FINGERPRINTS, OUTSIDE, ANCHOR, EMERGENCY)

PASSES, MEMORY = range(2, 10 + 1), range(19 << 20, (1 << 30) + 1)
MOST_WORK = 10 << 30  # passes times bytes, over all slots
SLOT_NAME = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9._@+-]{0,63}")
CURRENT, RETIRED = 2, 4
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


class Damage(Exception):
    """The vault cannot be read; `kind` is one of the description's classes."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class Misfit(Exception):
    """Something does not fit; whoever asked knows the class."""


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Misfit(otherwise)


@contextmanager
def blame(kind: str, what: str) -> Iterator[None]:
    """Turns a misfit inside the block into damage of a class."""
    try:
        yield
    except Misfit as misfit:
        raise Damage(kind, f"{what}: {misfit}") from None


# Numbers, hashes, keys and seals

u8, u32, u64, i64 = (Struct(form).pack for form in ("<B", "<I", "<Q", "<q"))


def sized(content: bytes) -> bytes:
    return u32(len(content)) + content


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def keyed(key: bytes, data: bytes, size: int = 32) -> bytes:
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def subkey(key: bytes, number: int, context: bytes = b"rekeep-1") -> bytes:
    """crypto_kdf_derive_from_key, 32 bytes."""
    return hashlib.blake2b(digest_size=32, key=key, salt=u64(number), person=context).digest()


def unseal(key: bytes, sealed: bytes, binding: bytes) -> bytes:
    require(len(sealed) >= 24 + 16, "too short for a seal")
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[24:], binding, sealed[:24], key
        )
    except CryptoError:
        raise Misfit("the seal does not open") from None


# Plain forms: a form takes its value from the beginning of what is left

Form = Callable[[BytesIO], Any]


def take(plain: BytesIO, size: int) -> bytes:
    content = plain.read(size)
    require(len(content) == size, "cut short")
    return content


def raw(size: int) -> Form:
    return lambda plain: take(plain, size)


def integer(size: int, signed: bool = False) -> Form:
    return lambda plain: int.from_bytes(take(plain, size), "little", signed=signed)


U8, U32, U64, I64 = integer(1), integer(4), integer(8), integer(8, signed=True)
TIME = SPAN = I64


def spelt(pattern: str, longest: int = 1 << 20) -> Form:
    """A text that a pattern describes wholly."""
    spelling = re.compile(pattern)

    def form(plain: BytesIO) -> str:
        text = TEXT(plain)
        require(len(text) <= longest and spelling.fullmatch(text) is not None, "a wrong spelling")
        return text

    return form


def some(elements: Form) -> Form:
    """A list that is not empty."""

    def form(plain: BytesIO) -> list[Any]:
        values = elements(plain)
        require(bool(values), "an empty list")
        return values

    return form


def by_field(elements: Form) -> Form:
    """A list that names no field twice."""

    def form(plain: BytesIO) -> list[dict[str, Any]]:
        values = elements(plain)
        require(len({value["field"] for value in values}) == len(values), "a field stands twice")
        return values

    return form


def one_of(first: int, last: int) -> Form:
    def form(plain: BytesIO) -> int:
        number = U8(plain)
        require(first <= number <= last, f"{number} is none of {first} to {last}")
        return number

    return form


FLAG, LAYOUT = one_of(0, 1), one_of(1, 1)


def decode_text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Misfit("text that is not UTF-8") from None


def TEXT(plain: BytesIO) -> str:
    return decode_text(take(plain, U32(plain)))


def HEXADECIMAL(plain: BytesIO) -> str:
    return take(plain, U32(plain)).hex()


def optional(form: Form) -> Form:
    return lambda plain: form(plain) if FLAG(plain) else None


def listed(form: Form) -> Form:
    # Every element takes at least a byte, so a count that is too high runs into the end.
    return lambda plain: [form(plain) for _ in range(U32(plain))]


def struct(**parts: Form) -> Form:
    return lambda plain: {name: form(plain) for name, form in parts.items()}


def parse(form: Form, data: bytes) -> Any:
    plain = BytesIO(data)
    value = form(plain)
    require(not plain.read(1), "something is left over")
    return value


ID, MODE, OUTCOME = raw(16), one_of(1, 2), one_of(1, 10)
ADDRESS_TEXT, DEPLOYMENT_TEXT = spelt(rf"{NAME}/{NAME}/{NAME}(@{NAME})?"), spelt(f"{NAME}/{NAME}")
PATTERN, AMOUNT = spelt("[A-Za-z0-9._@/*?-]{1,256}"), spelt(r"-?[0-9]+(\.[0-9]+)?", longest=40)
PROBE = optional(struct(outcome=OUTCOME, at=TIME))

FIELD = struct(
    name=TEXT, label=TEXT, secret=FLAG, optional=FLAG, role=one_of(1, 3),
    pattern=optional(TEXT), variable=optional(TEXT),
)  # fmt: skip
TERMS = struct(
    label=TEXT, fields=listed(FIELD), base_url=TEXT, test=FLAG, variable_prefix=TEXT, mode=MODE,
    maximum_age=SPAN, lifetime=optional(SPAN), activation_window=SPAN,
    control=FLAG, dead_when=listed(OUTCOME), most_attempts=I64, attempts_per=SPAN, panel_path=TEXT,
)  # fmt: skip
VERSION = struct(
    number=I64, state=one_of(1, 4), created=TIME, activated=optional(TIME), proved=optional(TIME),
    expires=optional(TIME), retired=optional(TIME), first_refused=optional(TIME), refusals=I64,
    identity=optional(TEXT), values=by_field(listed(struct(field=TEXT, value=TEXT))),
    fingerprints=by_field(listed(struct(field=TEXT, fingerprint=raw(16)))),
)  # fmt: skip
CHECK = struct(
    outcome=OUTCOME, at=TIME, version=I64,
    balances=listed(struct(amount=AMOUNT, currency=optional(TEXT))),
    identity=optional(TEXT), latency=optional(I64), status=optional(I64), cause=optional(one_of(1, 21)),
    provider_text=optional(TEXT), retry_after=optional(SPAN),
)  # fmt: skip
TARGET = struct(
    path=TEXT, preset=TEXT, reader=TEXT, mode=optional(U32), owner=optional(TEXT),
    group=optional(TEXT), hook=listed(TEXT), in_place=FLAG, credentials=listed(struct(id=ID, version=I64)),
    variables=listed(TEXT), written=optional(TIME), read_back=optional(TIME),
    hook_run=optional(TIME), hook_due=FLAG, problem=optional(one_of(1, 12)),
    attributes=optional(struct(mode=U32, owner=U32, group=U32, access_list=optional(HEXADECIMAL))),
)  # fmt: skip
RECORD_FORMS = {
    CREDENTIAL: struct(
        layout=LAYOUT, id=ID, provider=TEXT, environment=TEXT, terms=TERMS, own_base_url=FLAG,
        addresses=listed(struct(address=ADDRESS_TEXT, prefix=optional(TEXT))),
        versions=some(listed(VERSION)),
        maximum_age=optional(SPAN), note=TEXT, account=TEXT, check=optional(CHECK),
    ),
    ADDRESS: struct(layout=LAYOUT, credential=ID),
    DEPLOYMENT: struct(
        layout=LAYOUT, name=DEPLOYMENT_TEXT, addresses=listed(ADDRESS_TEXT), targets=listed(TARGET)
    ),
    FINGERPRINT: struct(layout=LAYOUT, credentials=listed(ID)),
    ROTATION: struct(
        layout=LAYOUT, credential=ID, address=ADDRESS_TEXT, mode=MODE, old_version=I64, grace=SPAN,
        states=some(listed(struct(state=one_of(1, 10), at=TIME))), new_version=optional(I64),
        new_key=PROBE, old_key=PROBE, control=PROBE, old_key_worked=optional(I64),
        old_key_dead=optional(I64), grace_ends=optional(TIME),
        downtime=optional(struct(least=I64, most=I64)),
    ),
    CONTROL: struct(
        layout=LAYOUT, provider=TEXT, environment=TEXT, endpoint=TEXT, outcome=OUTCOME, at=TIME
    ),
    ATTEMPT: struct(layout=LAYOUT, host=TEXT, times=listed(TIME)),
    POLICY: struct(layout=LAYOUT, rules=listed(struct(pattern=PATTERN, maximum_age=SPAN))),
}  # fmt: skip
NODE_FORM = struct(layout=LAYOUT, children=listed(struct(child=U8, sum=raw(16))))
HEADER_FORM = struct(
    layout=LAYOUT, generation=U64, created=TIME, log_entries=I64, log_head=raw(32),
    log_mark=ID,
    tables=listed(struct(table=one_of(CREDENTIAL, ATTEMPT), rows=U64, root=raw(16))),
    slots=listed(struct(number=I64, name=TEXT, added=TIME)),
)  # fmt: skip
# How many numbers a log entry's outcome has; 22 has as many as it likes, and only 3 has a text.
LOG_NUMBERS = {6: 2, **dict.fromkeys((9, 10, 11, *range(15, 22)), 1)}
LOG_RANGES = {10: range(1, 11), 11: range(1, 11)}


def LOG_OUTCOME(plain: BytesIO) -> dict[str, Any]:
    code, numbers, text = one_of(1, 22)(plain), listed(I64)(plain), TEXT(plain)
    require(code == 22 or len(numbers) == LOG_NUMBERS.get(code, 0), "other numbers than it has")
    require(code == 3 or not text, "a text that it has not")
    for number in numbers:
        require(number in LOG_RANGES.get(code, [number]), "a number that is none of its")
    return {"code": code, "numbers": numbers, "text": text}


LOG_FORM = struct(
    layout=LAYOUT, previous=raw(32), mark=ID, generation=U64, at=TIME, user=U32, host=TEXT, slot=TEXT, action=one_of(1, 20),
    subject=TEXT, outcome=LOG_OUTCOME,
)  # fmt: skip
SEEN_FORM = struct(
    layout=LAYOUT, generation=U64, header=raw(32),
    entries=listed(struct(number=I64, mark=ID, generation=U64, at=TIME, host=TEXT)),
)  # fmt: skip
EMERGENCY_FORM = struct(
    layout=LAYOUT, credential=ID, issued=TIME, expires=optional(TIME), values=listed(struct(field=TEXT, value=TEXT)),
)  # fmt: skip
COSTS = {"passes": U64, "memory": U64, "salt": raw(16)}
BOX, BOUND = {"public": raw(32), "box": raw(80)}, {"anchor": raw(72)}
COMMITMENT = {"commitment": raw(32)}
SLOT_FORMS = {
    PASSPHRASE: struct(**COSTS, **BOX, **BOUND, **COMMITMENT),
    IDENTITY: struct(**BOX, **COMMITMENT),
    RECOVERY: struct(**BOX, **BOUND, **COMMITMENT),
    KEYRING: struct(**BOX, **BOUND, **COMMITMENT),
}


# What is brought to open a slot


class Opener(NamedTuple):
    kind: int
    secret: bytes  # the passphrase, the X25519 secret key, the code's bytes or the slot key
    vaults: tuple[bytes, ...] = ()  # id and mark of those that an identity is for


def decode_code(text: str, size: int) -> bytes:
    """The bytes of a grouped code, when its characters for the check are right."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    require(text.isascii(), "a code of other letters")
    letters = text.strip().upper().translate(str.maketrans("OIL", "011", " -"))
    filling = -size * 8 % 5
    require(len(letters) == (size * 8 + filling) // 5 + 4, "a code of the wrong length")
    require(set(letters) <= set(alphabet), "a code with a wrong letter")
    number = reduce(lambda number, letter: number << 5 | alphabet.index(letter), letters, 0)
    body, check = number >> 20, number & 0xFFFFF
    data = (body >> filling).to_bytes(size, "big")
    require(body & ((1 << filling) - 1) == 0, "a code with a wrong last letter")
    expected = int.from_bytes(keyed(data, b"rekeep grouped code")[:3], "big") >> 4
    require(check == expected, "a code that does not fit its check")
    return data


def make_opener(kind: str, text: str) -> Opener:
    with blame("no-slot-fits", f"the {kind} that was brought"):
        if kind == "passphrase":
            return Opener(PASSPHRASE, text.encode())
        if kind == "recovery":
            return Opener(RECOVERY, decode_code(text, 20))
        if kind == "keyring":
            require(re.fullmatch("[0-9a-fA-F]{64}", text.strip()) is not None, "not a key")
            return Opener(KEYRING, bytes.fromhex(text.strip()))
        start = "REKEEP-IDENTITY-1-"
        trimmed = [line.strip(" \t\r").upper() for line in text.split("\n")]
        lines = [line for line in trimmed if line.startswith(start)]
        require(len(lines) == 1, "not one line with an identity")
        named = "REKEEP-VAULT-1-"
        vaults = (line for line in trimmed if line.startswith(named))
        pins = tuple(decode_code(line.removeprefix(named), 32) for line in vaults)
        return Opener(IDENTITY, decode_code(lines[0].removeprefix(start), 32), pins)


def derive_slot_key(parts: dict[str, Any], opener: Opener) -> bytes:
    if opener.kind == RECOVERY:
        return keyed(opener.secret, b"rekeep recovery slot")
    if opener.kind != PASSPHRASE:
        return opener.secret
    try:
        return sodium.crypto_pwhash_alg(
            32, opener.secret, parts["salt"], parts["passes"], parts["memory"],
            sodium.crypto_pwhash_ALG_ARGON2ID13,
        )  # fmt: skip
    except CryptoError:
        raise Damage("kdf-costs", "this machine cannot pay them") from None


# The file


def connect(path: Path) -> sqlite3.Connection:
    """Opens one read-only snapshot of the vault, and finds tables and columns there."""
    try:
        require(path.is_file(), "not a file")
        with path.open("rb") as file:
            front = file.read(100)
    except (OSError, Misfit) as error:
        raise Damage("not-a-vault", str(error)) from None
    if len(front) < 100 or not front.startswith(MAGIC):
        raise Damage("not-a-vault", "not a SQLite database")
    if front[68:72] != APPLICATION_ID.to_bytes(4, "big"):
        raise Damage("not-a-vault", "another application's database")
    if front[18:20] != b"\1\1":
        raise Damage("write-ahead-log", "not with a rollback journal")
    # mode=ro never rolls a hot journal back: SQLite refuses to read, and so do we.
    uri = f"{path.absolute().as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True, isolation_level=None)
    database.text_factory = lambda content: content.decode("latin-1")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BLOB)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("BEGIN")
    with blame("file", "the database"):
        require_schema(database)
        (complaint,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        require(complaint == "ok", "SQLite finds damage in its structure")
    return database


def require_schema(database: sqlite3.Connection) -> None:
    """Nothing may compute in our hands: the schema is a vault's to the letter."""
    found = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    expected = [("table", name, name, sql) for name, sql in SCHEMA.items()]
    expected += [("index", f"sqlite_autoindex_{name}_1", name, None) for name in TABLES]
    require(sorted(found, key=str) == sorted(expected, key=str), "another schema than a vault's")


class Row(NamedTuple):
    id: bytes
    revision: int
    sealed: bytes


class Slot(NamedTuple):
    number: int
    kind: int
    content: bytes
    checksum: bytes


def has_types(row: Iterable[Any], *types: type) -> bool:
    return [type(value) for value in row] == list(types)


def ascends(values: list[Any]) -> bool:
    return all(first < second for first, second in zip(values, values[1:]))


class Vault:
    """One vault, read from its front to the end of its log by `read`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.keys: dict[int, bytes] = {}
        self.trees: dict[int, dict[bytes, int]] = {}
        self.nodes_read = 0
        self.addresses: dict[bytes, bytes] = {}  # the ids of rows and of credentials
        self.values: dict[str, dict[str, str]] = {}

    def read(self, opener: Opener, seen: bytes | None) -> None:
        self.read_front()
        slots = self.read_slots(opener)
        self.read_header(slots)
        if seen is not None:
            self.compare_seen(seen)
        for table in range(CREDENTIAL, TREE):
            self.read_table(table)
        with blame("freshness", "table tree"):
            nodes = self.database.execute("SELECT count(*) FROM tree").fetchone()[0]
            require(nodes == self.nodes_read, "a node that belongs to no tree")
        self.read_log()

    def select(self, table: str, rest: str, *values: bytes) -> sqlite3.Cursor:
        return self.database.execute(f"SELECT {COLUMNS[table]} FROM {table} {rest}", values)

    def binding(self, words: bytes, *parts: bytes) -> bytes:
        return b"".join((words, u32(FORMAT), self.vault_id, *parts))

    def read_front(self) -> None:
        rows = self.select("vault", "LIMIT 2").fetchall()
        with blame("header", "the row of table vault"):
            require(len(rows) == 1 and rows[0][0] == 1, "not one row")
            require(has_types(rows[0], int, bytes, int, bytes, bytes, bytes), "wrong types")
            _, self.vault_id, format_, self.lasting, self.header_sealed, checksum = rows[0]
            front = sized(self.vault_id) + i64(format_)
            front += sized(self.lasting) + sized(self.header_sealed)
            require(checksum == digest(front), "it does not fit its checksum")
            require(len(self.vault_id) == 16 and format_ >= 1, "it has the wrong form")
        if format_ > FORMAT:
            raise Damage("newer-format", f"format {format_}")

    # Slots

    def read_slots(self, opener: Opener) -> list[Slot]:
        """Checks every slot; fills `keys` from the first that what was brought opens."""
        found = self.select("slot", f"ORDER BY number LIMIT {MAX_SLOTS + 1}")
        slots = [Slot(*row) for row in found]
        with blame("header", "the set of slots"):
            require(bool(slots), "there is none")
            require(len(slots) <= MAX_SLOTS, "there are too many")
        commitment, work, fitting = None, 0, list[tuple[int, Slot, dict[str, Any]]]()
        for slot in slots:
            what = f"slot {slot.number}"
            with blame("slot", what):
                require(has_types(slot, int, int, bytes, bytes), "wrong types")
                require(slot.kind in SLOT_FORMS, "of no known kind")
                checked = i64(slot.number) + u8(slot.kind) + slot.content
                require(slot.checksum == digest(checked), "it does not fit its checksum")
                parts = parse(SLOT_FORMS[slot.kind], slot.content)
            with blame("kdf-costs", what):
                if slot.kind == PASSPHRASE:
                    require(parts["passes"] in PASSES, "the number of passes")
                    require(parts["memory"] in MEMORY, "the amount of memory")
                costs = parts.get("passes", 0) * parts.get("memory", 0)
            with blame("slot-key", what):
                commitment = commitment or parts["commitment"]
                require(parts["commitment"] == commitment, "another key than the first slot's")
            work += costs
            with blame("kdf-costs", "all slots together"):
                require(work <= MOST_WORK, "the work of trying them")
            if slot.kind == opener.kind:
                fitting.append((costs, slot, parts))
        for _, slot, parts in sorted(fitting, key=lambda one: (one[0], one[1].number)):
            if not self.keys:
                self.open_slot(slot, parts, opener)
        if not self.keys:
            raise Damage("no-slot-fits", "none opens with what was brought")
        return slots

    def open_slot(self, slot: Slot, parts: dict[str, Any], opener: Opener) -> None:
        what = f"slot {slot.number}"
        slot_key = derive_slot_key(parts, opener)
        secret = opener.secret if slot.kind == IDENTITY else subkey(slot_key, 1, b"rekeepsl")
        public = sodium.crypto_scalarmult_base(secret)
        if public != parts["public"]:
            return
        with blame("slot", what):
            try:
                vault_key = sodium.crypto_box_seal_open(parts["box"], public, secret)
            except CryptoError:
                raise Misfit("the box does not open") from None
        with blame("slot-key", what):
            expected = keyed(vault_key, b"rekeep key commitment" + self.vault_id)
            require(hmac.compare_digest(parts["commitment"], expected), "another key in the box")
        anchor = None
        if slot.kind != IDENTITY:
            with blame("slot", what):
                binding = self.binding(b"rekeep slot", i64(slot.number), u8(slot.kind))
                anchor = unseal(subkey(slot_key, 2, b"rekeepsl"), parts["anchor"], binding)
        self.keys = {number: subkey(vault_key, number) for number in OF_VAULT_KEY}
        with blame("header", "the lasting key"):
            lasting = unseal(self.keys[HEADER], self.lasting, self.binding(b"rekeep lasting key"))
            require(len(lasting) == 32, "it has the wrong length")
        self.keys |= {number: subkey(lasting, number) for number in OF_LASTING_KEY}
        with blame("slot-anchor", what):
            require(anchor in (None, self.keys[ANCHOR]), "the vault under it was exchanged")
        with blame("exchanged", "the vault"):
            mark = keyed(self.keys[ANCHOR], b"rekeep vault mark" + self.vault_id, 16)
            named = not opener.vaults or self.vault_id + mark in opener.vaults
            require(named, "the identity is for another one")

    # Header

    def read_header(self, slots: list[Slot]) -> None:
        with blame("header", "the header"):
            of_slots = (
                i64(slot.number) + i64(slot.kind) + sized(slot.content) + sized(slot.checksum)
                for slot in slots
            )
            binding = self.binding(b"rekeep header", digest(b"".join(of_slots)))
            header = parse(HEADER_FORM, unseal(self.keys[HEADER], self.header_sealed, binding))
            tables = [entry["table"] for entry in header["tables"]]
            require(ascends(tables), "the tables do not ascend")
            listed_ = (entry["rows"] or any(entry["root"]) for entry in header["tables"])
            require(all(listed_), "a table that never had a row")
            numbers = [entry["number"] for entry in header["slots"]]
            names = [entry["name"] for entry in header["slots"]]
            require(ascends(numbers), "the slots do not ascend")
            require(numbers == [slot.number for slot in slots], "it names other slots")
            require(all(SLOT_NAME.fullmatch(name) for name in names), "a slot's name")
            require(len(set(names)) == len(names), "two slots of one name")
        self.header = header
        self.counted = {entry["table"]: entry for entry in header["tables"]}

    def read_seen(self, seen: bytes) -> dict[str, Any] | None:
        """The newest whole record of the two places for one; nothing where there is none."""
        places = [place for place in (seen[:8192], seen[8192:16384]) if any(place)]
        places.sort(key=lambda place: int.from_bytes(place[5:13], "little"), reverse=True)
        for place in places:
            size = int.from_bytes(place[:4], "little")
            form, code = place[4 : 4 + size], place[4 + size : 4 + size + 32]
            expected = keyed(self.keys[OUTSIDE], b"rekeep last seen" + self.vault_id + form)
            if len(form) == size and hmac.compare_digest(code, expected):
                try:
                    return parse(SEEN_FORM, form)
                except Misfit:
                    continue
        with blame("outside-record", "what was last seen"):
            require(not places, "no record is whole and this vault's")
        return None

    def compare_seen(self, seen: bytes) -> None:
        record = self.read_seen(seen)
        if not record:
            return
        generation, last = self.header["generation"], record["generation"]
        with blame("rolled-back", "the last seen generation"):
            require(generation >= last, f"it is {last}, above the vault's")
        with blame("forked", "the vault that was last seen"):
            if generation == last:
                require(record["header"] == digest(self.header_sealed), "it was another one")
            elif record["entries"]:
                entry = record["entries"][-1]
                rows = self.select("log", "WHERE number = ?", entry["number"]).fetchall()
                require(len(rows) == 1 and type(rows[0][1]) is bytes, "its log was longer")
                binding = self.binding(b"rekeep log", i64(entry["number"]))
                own = parse(LOG_FORM, unseal(self.keys[LOG], rows[0][1], binding))
                require(own["mark"] == entry["mark"], "its log went on otherwise")

    # Rows

    def rows(self, table: int, where: str = "", *values: bytes) -> Iterator[Row]:
        for row in map(Row._make, self.select(TABLES[table - 1], f"{where} ORDER BY id", *values)):
            require(has_types(row, bytes, int, bytes), "a row with wrong types")
            require(len(row.id) == 16, "a row's id of the wrong length")
            require(row.revision >= 0, "a row with a negative revision")
            require(len(row.sealed) >= 24 + 16, "a row too short for a seal")
            yield row

    def open_row(self, table: int, row: Row) -> bytes:
        key = self.keys[SECRETS if table == SECRET else RECORDS]
        place = (u8(table), row.id, u64(row.revision))
        return unseal(key, row.sealed, self.binding(b"rekeep record", *place))

    def row_id(self, table: int, name: bytes) -> bytes:
        return keyed(self.keys[ROW_IDS], u8(table) + name, 16)

    def element(self, table: int, row: Row) -> int:
        data = u8(table) + row.id + u64(row.revision) + row.sealed[:24] + row.sealed[-16:]
        return int.from_bytes(keyed(self.keys[FRESHNESS], data, 16), "little")

    def read_table(self, table: int) -> None:
        what = f"table {TABLES[table - 1]}"
        ids, sums, latest = [], defaultdict[bytes, int](int), 0
        with blame("secret" if table == SECRET else "record", what):
            for row in self.rows(table):
                content = self.open_row(table, row)
                if table != SECRET:
                    self.read_record(table, row, parse(RECORD_FORMS[table], content))
                ids.append(row.id)
                latest = max(latest, row.revision)
                sums[row.id[:2]] ^= self.element(table, row)
        with blame("freshness", what):
            require(ascends(ids), "a row stands there twice")
            counted = self.counted[table]["rows"] if table in self.counted else 0
            require(len(ids) == counted, f"{len(ids)} rows instead of {counted}")
            require(latest <= self.header["generation"], "a row of a later generation")
            require({at: sum_ for at, sum_ in sums.items() if sum_} == self.tree(table), "a sum")
        if table == ADDRESS:
            with blame("record", what):
                require(len(ids) == len(self.addresses), "an address without a row")

    def read_record(self, table: int, row: Row, record: dict[str, Any]) -> None:
        """Checks that a record stands where it belongs, and goes on to a credential's secrets."""
        fits = True
        if table == CREDENTIAL:
            fits = row.id == record["id"]
        elif table == ADDRESS:
            fits = self.addresses.get(row.id) == record["credential"]
        elif table == DEPLOYMENT:
            fits = row.id == self.row_id(table, record["name"].encode())
        elif table == ROTATION:
            fits = row.id == self.row_id(table, record["credential"])
        elif table == CONTROL:
            name = "\0".join(record[part] for part in ("provider", "environment", "endpoint"))
            fits = row.id == self.row_id(table, name.encode())
        elif table == ATTEMPT:
            fits = row.id == self.row_id(table, record["host"].encode())
        elif table == POLICY:
            fits = row.id == self.row_id(table, b"")
        require(fits, "a record in another's place")
        if table == CREDENTIAL:
            self.read_credential(record)

    def read_credential(self, record: dict[str, Any]) -> None:
        current: dict[str, str] = {}
        for version in record["versions"]:
            if version["state"] == RETIRED or version["retired"] is not None:
                continue
            with blame("record", "table credential"):
                require(bool(record["addresses"]), "secrets without an address")
            for field, fingerprint in map(dict.values, version["fingerprints"]):
                name = record["id"] + i64(version["number"]) + field.encode()
                value = self.read_secret(self.row_id(SECRET, name))
                with blame("secret", f"version {version['number']}"):
                    fits = keyed(self.keys[FINGERPRINTS], value, 16) == fingerprint
                    require(fits, "not the secret of the fingerprint on record")
                    if version["state"] == CURRENT:
                        current[field] = decode_text(value)
        with blame("versions", "table credential"):
            states = [version["state"] for version in record["versions"]]
            require(states.count(CURRENT) <= 1, "more than one current version")
        for entry in record["addresses"]:
            row_id = self.row_id(ADDRESS, entry["address"].encode())
            self.addresses[row_id] = record["id"]
            self.values[entry["address"]] = current

    def read_secret(self, row_id: bytes) -> bytes:
        """Reads one row the way of one row: with its bucket, which the tree must confirm."""
        first, last = row_id[:2], row_id[:2] + b"\xff" * 15
        with blame("secret", "table secret"):
            bucket = list(self.rows(SECRET, "WHERE id BETWEEN ? AND ?", first, last))
        with blame("freshness", "table secret"):
            require(ascends([row.id for row in bucket]), "a row stands there twice")
            sum_ = reduce(xor, (self.element(SECRET, row) for row in bucket), 0)
            require(sum_ == self.tree(SECRET).get(first, 0), "a sum")
        with blame("secret", "table secret"):
            found = [row for row in bucket if row.id == row_id]
            require(bool(found), "a secret is missing")
            return self.open_row(SECRET, found[0])

    # Freshness

    def tree(self, table: int) -> dict[bytes, int]:
        """The sum of every bucket of a table, by the two bytes that its ids begin with."""
        if table not in self.counted:
            return {}
        if table not in self.trees:
            root = self.read_node(u8(table) + bytes(15), self.counted[table]["root"])
            self.trees[table] = {
                u8(number) + u8(child): int.from_bytes(sum_, "little")
                for number, element in root
                for child, sum_ in self.read_node(bytes((table, 1, number)) + bytes(13), element)
            }
        return self.trees[table]

    def read_node(self, node_id: bytes, element: bytes) -> list[tuple[int, bytes]]:
        rows = list(self.rows(TREE, "WHERE id = ?", node_id))
        require(len(rows) == 1, "a node of its tree is missing or doubled")
        found = self.element(TREE, rows[0]).to_bytes(16, "little")
        require(found == element, "a node of its tree is not the one that is listed")
        node = parse(NODE_FORM, self.open_row(TREE, rows[0]))
        children = [(entry["child"], entry["sum"]) for entry in node["children"]]
        require(ascends([child for child, _ in children]), "a node of its tree is out of order")
        require(all(any(sum_) for _, sum_ in children), "a node of its tree lists nothing")
        self.nodes_read += 1
        return children

    # Log

    def read_log(self) -> None:
        head, mark, entries = bytes(32), bytes(16), 0
        with blame("log", "the log"):
            for row in self.select("log", "ORDER BY number"):
                entries += 1
                require(has_types(row, int, bytes), "an entry with wrong types")
                require(row[0] == entries, f"entry {entries} is not there")
                binding = self.binding(b"rekeep log", i64(entries))
                entry = parse(LOG_FORM, unseal(self.keys[LOG], row[1], binding))
                require(entry["previous"] == head, f"entry {entries} follows another")
                head, mark = digest(row[1]), entry["mark"]
            require(entries == self.header["log_entries"], "not as many entries as in the header")
            require(head == self.header["log_head"], "the last entry is not the header's")
            require(mark == self.header["log_mark"], "the last entry's mark is not the header's")


    def read_emergency_file(self, content: bytes) -> dict[str, str] | None:
        """The values by field name; None where nothing was ever put in."""
        with blame("emergency-file", "the emergency file"):
            if len(content) < 4 or content.startswith(bytes(4)):
                return None
            plain = BytesIO(content)
            sealed = take(plain, U32(plain))
            form = parse(EMERGENCY_FORM, unseal(self.keys[EMERGENCY], sealed, self.binding(b"rekeep emergency file")))
            return {entry["field"]: entry["value"] for entry in form["values"]}


def read_vault(path: Path, opener: Opener, seen: bytes | None) -> Vault:
    try:
        with closing(connect(path)) as database:
            vault = Vault(database)
            vault.read(opener, seen)
            return vault
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
            raise Damage("file", "its journal waits to be rolled back by its writer") from None
        raise Damage("file", str(error)) from None
    except UnicodeDecodeError:  # of SQLite's message, when it quotes a broken schema
        raise Damage("file", "malformed database schema") from None


# The command line


def printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def show(vault: Vault, emergency: bytes | None, as_json: bool) -> None:
    header = vault.header
    issued = {} if emergency is None else vault.read_emergency_file(emergency)
    if as_json:
        print(json.dumps({
            "generation": header["generation"],
            "slots": [slot["name"] for slot in header["slots"]],
            "log_entries": header["log_entries"],
            "values": vault.values,
            "emergency": issued,
        }))  # fmt: skip
        return
    width = max(map(len, vault.values), default=0)
    for address, fields in sorted(vault.values.items()):
        masked = " ".join(f"{field}=****" for field in fields)
        print(printable(f"{address:{width}}  {masked}".rstrip()))
    if emergency is not None:
        masked = " ".join(f"{field}=****" for field in issued) if issued else "nothing"
        print(printable(f"in the emergency file: {masked}"))
    print(f"generation {header['generation']}, {len(vault.values)} addresses, all of it fits")


def try_vectors(directory: Path) -> int:
    passed = failed = 0
    for vector in json.loads((directory / "vectors.json").read_text()):
        found, values = "ok", None
        try:
            opener = make_opener(vector["open"]["kind"], vector["open"]["text"])
            seen = None if vector["seen"] is None else bytes.fromhex(vector["seen"])
            values = read_vault(directory / f"{vector['name']}.db", opener, seen).values
        except Damage as damage:
            found = damage.kind
        if (found, values) == (vector["class"], vector["values"]):
            passed += 1
        else:
            failed += 1
            print(f"{vector['name']}: {found} instead of {vector['class']}, or other values")
    for vector in json.loads((directory / "emergency.json").read_text()):
        vault = read_vault(
            directory / f"{vector['vault']}.db", make_opener(vector["open"]["kind"], vector["open"]["text"]), None)
        found: Any = None
        try:
            found = vault.read_emergency_file((directory / f"emergency-{vector['name']}.key").read_bytes())
            found = "blank" if found is None else found
        except Damage:
            pass
        if found == vector["found"]:
            passed += 1
        else:
            failed += 1
            print(f"emergency file {vector['name']}: something else than it says")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Reads a rekeep vault, strictly.")
    parser.add_argument("vault", nargs="?", type=Path, metavar="VAULT")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--vectors", type=Path, metavar="DIRECTORY")
    options = "passphrase-file", "identity", "recovery-file", "slot-key-file"
    for kind, option in zip(KINDS, options):
        what.add_argument(f"--{option}", type=Path, metavar="FILE", dest=kind)
    parser.add_argument("--seen", type=Path, metavar="FILE")
    parser.add_argument("--emergency", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.vectors:
        return try_vectors(given.vectors)
    if not given.vault:
        parser.error("which vault?")
    kind = next(kind for kind in KINDS if getattr(given, kind))
    try:
        text = getattr(given, kind).read_text(encoding="utf-8").removesuffix("\n")
        seen = given.seen.read_bytes() if given.seen else None
        emergency = given.emergency.read_bytes() if given.emergency else None
    except (OSError, UnicodeDecodeError) as error:
        parser.error(str(error))
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        show(read_vault(given.vault, make_opener(kind, text), seen), emergency, given.json)
    except Damage as damage:
        print(printable(f"reader: {damage}"), file=sys.stderr)
        return EXIT_NO_SLOT_FITS if damage.kind == "no-slot-fits" else EXIT_DAMAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
