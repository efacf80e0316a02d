"""``State``: what a monitor must remember between passes, in one SQLite file beside the flows.

Small rows that change: the ledger of inputs, what was seen in the spools, findings with their life, what is still to be
told. Every change is one transaction; a process that is killed leaves either all of it or nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from netwatch.errors import OutputError, UnreadableInput
from netwatch.store.delta import make_private
from netwatch.store.lake import Ingest

VERSION = 4
_SCHEMA = """
create table meta(key text primary key, value text not null) without rowid;
create table ledger(
    digest text primary key, name text not null, size integer not null, rows integer not null, octets integer not null,
    first integer not null, last integer not null, fault text not null, code integer not null, number integer not null
) without rowid;
create table seen(path text primary key, size integer not null, modified integer not null, inode integer not null,
    digest text not null) without rowid;
create table prepared(number integer primary key, body text not null);
create table findings(id text not null, since integer not null, life text not null, body text not null,
    primary key (id, since)) without rowid;
create index findings_by_life on findings(life);
create table mutes(number integer primary key, body text not null);
create table outbox(key text primary key, body text not null) without rowid;
create table delivered(key text not null, sink text not null, primary key (key, sink)) without rowid;
"""
_MIGRATIONS = {
    1: "create index findings_by_change on findings(json_extract(body, '$.change'))",
    2: "create table carried(kind text not null, value text not null, counter text not null, body text not null, "
    "primary key (kind, value, counter)) without rowid",
    3: "alter table ledger add column heard text not null default ''",
}
"""What turns the schema of one version into that of the next."""
_COLUMNS = tuple(f.name for f in fields(Ingest))
_NAMES = ", ".join(_COLUMNS)


class State:
    """The file ``state.sqlite`` in a directory, made where it is missing.

    Raises:
        UnreadableInput: it is of another version, or damaged.
        OutputError: it cannot be made or written.
    """

    def __init__(self, directory: Path) -> None:
        make_private(directory)
        self.path = directory / "state.sqlite"
        if self.path.is_symlink():
            raise OutputError(f"{self.path} is a symbolic link; state is not written through one")
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
        except (OSError, sqlite3.Error) as fault:
            raise OutputError(f"cannot open {self.path}: {self._why(fault)}") from fault
        self._migrate()

    def _why(self, fault: Exception) -> str:
        """The fault in words; SQLite calls a disk without room for its index an I/O error."""
        room = os.statvfs(self.path.parent)
        return "the disk is full" if "full" in str(fault) or not room.f_bavail else str(fault)

    def _migrate(self) -> None:
        with self.change():
            (version,) = self._db.execute("pragma user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    if statement.strip():
                        self._db.execute(statement)
                version = 1
            if version > VERSION:
                raise UnreadableInput(f"{self.path} is of version {version}, this netwatch has {VERSION}")
            for older in range(version, VERSION):
                self._db.execute(_MIGRATIONS[older])
            self._db.execute(f"pragma user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction: all that is written within happens, or none of it."""
        try:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
        except sqlite3.DatabaseError as fault:
            if "not a database" in str(fault) or "malformed" in str(fault):
                raise UnreadableInput(f"{self.path} is damaged: {fault}") from fault
            raise OutputError(f"cannot write {self.path}: {self._why(fault)}") from fault

    def get(self, key: str, default: str = "") -> str:
        """A value kept by name."""
        row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return row[0] if row else default

    def put(self, key: str, value: str) -> None:
        """Keep a value by name."""
        self._db.execute("insert or replace into meta values (?, ?)", (key, value))

    # The ledger.

    @property
    def number(self) -> int:
        """Number of the last commit that the ledger holds."""
        return int(self.get("number", "0"))

    def known(self, digest: str, modified: int) -> bool:
        """Whether this content is in the ledger, ingested or quarantined; ``modified``: ns, of the file.

        Where the ledger was rebuilt from rows, what is older may be there with the first octets of its digest only.
        """
        short = f"{int(digest[:8], 16) & ~1:08x}" if modified < int(self.get("rebuilt", "0")) else digest
        query = "select 1 from ledger where digest in (?, ?)"
        return self._db.execute(query, (digest, short)).fetchone() is not None

    def record(self, number: int, entries: Iterable[Ingest]) -> None:
        """Add a commit's inputs to the ledger."""
        marks = ", ".join("?" * (len(_COLUMNS) + 2))
        totals = self.totals()
        for entry in entries:
            added = self._db.execute(
                f"insert or ignore into ledger({_NAMES}, code, number) values ({marks})",  # noqa: S608 - our own names
                (*asdict(entry).values(), entry.code, number),
            ).rowcount
            if added:
                totals["quarantined" if entry.fault else "ingested"] += 1
                totals["rows"] += entry.rows
                totals["octets"] += entry.octets
                totals["last"] = max(totals["last"], entry.last)
                if entry.rows:
                    totals["first"] = min(totals["first"] or entry.first, entry.first)
        self.put("totals", json.dumps(totals))
        self.put("number", str(max(number, self.number)))

    def ledger(self, number: int | None = None) -> list[tuple[int, Ingest]]:
        """Inputs with the number of their commit, in that order; of one commit where asked."""
        where, values = ("where number = ?", (number,)) if number is not None else ("", ())
        rows = self._db.execute(
            f"select number, {_NAMES} from ledger {where} order by number, name",  # noqa: S608 - our own names
            values,
        )
        return [(row[0], Ingest(*row[1:])) for row in rows]

    def inputs_since(self, since: int) -> dict[int, list[str]]:
        """Names by code of the inputs whose flows reach beyond an instant, ns; some of many may share a code."""
        names: dict[int, list[str]] = {}
        query = "select code, name from ledger where last >= ? and rows > 0 order by name"
        for code, name in self._db.execute(query, (since,)):
            names.setdefault(code, []).append(name)
        return names

    def totals(self) -> dict[str, int]:
        """Inputs ingested and quarantined, rows, octets, first start and last end (ns): kept as the ledger grows."""
        kept: dict[str, int] = json.loads(self.get("totals", "{}"))
        return dict.fromkeys(("ingested", "quarantined", "rows", "octets", "first", "last"), 0) | kept

    # What lies in the spools.

    def seen(self) -> dict[str, tuple[int, int, int, str]]:
        """Size, time of change (ns), inode and content digest ("" while unsettled) of each file as it was last met."""
        rows = self._db.execute("select path, size, modified, inode, digest from seen")
        return {path: (size, modified, inode, digest) for path, size, modified, inode, digest in rows}

    def see(self, path: str, size: int, modified: int, inode: int, digest: str = "") -> None:
        """Remember a file as it is now."""
        self._db.execute("insert or replace into seen values (?, ?, ?, ?, ?)", (path, size, modified, inode, digest))

    def forget(self, gone: Iterable[str]) -> None:
        """Forget files that are no longer there."""
        self._db.executemany("delete from seen where path = ?", ((path,) for path in gone))

    # A commit that is about to be made.

    def prepare(self, number: int, body: dict[str, Any]) -> None:
        """Remember what a commit will mean, before it is made."""
        self._db.execute("insert or replace into prepared values (?, ?)", (number, json.dumps(body)))

    def prepared(self) -> list[tuple[int, dict[str, Any]]]:
        """Commits that were about to be made, by number."""
        return [(n, json.loads(body)) for n, body in self._db.execute("select * from prepared order by number")]

    def settle(self, number: int) -> None:
        """The commit is made and recorded, or never will be."""
        self._db.execute("delete from prepared where number = ?", (number,))

    # What the detectors carry from pass to pass.

    @property
    def carried_since(self) -> int:
        """Number of the day (UTC, from 1970 on) at whose beginning the detectors were taught; -1 for never."""
        return int(self.get("taught", "-1"))

    def carried(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """What is carried of each series, by kind and value of its entity, and counter."""
        return {tuple(row[:3]): json.loads(row[3]) for row in self._db.execute("select * from carried")}

    def carry(self, day: int, bodies: Mapping[tuple[str, str, str], dict[str, Any]]) -> None:
        """Carry this, taught at the beginning of a day, in the place of what was carried."""
        self._db.execute("delete from carried")
        rows = ((*key, json.dumps(body)) for key, body in bodies.items())
        self._db.executemany("insert into carried values (?, ?, ?, ?)", rows)
        self.put("taught", str(day))

    # Findings and what is to be told of them.

    def findings(self, lives: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Findings in some state of life, or all, by their beginning."""
        where = f"where life in ({', '.join('?' * len(lives))})" if lives else ""
        query = f"select body from findings {where} order by since, id"  # noqa: S608 - only question marks
        rows = self._db.execute(query, tuple(lives))
        return [json.loads(body) for (body,) in rows]

    def of_change(self, name: str) -> list[dict[str, Any]]:
        """Findings that rest on changes of one name, whatever their life, by their beginning."""
        query = "select body from findings where json_extract(body, '$.change') = ? order by since, id"
        return [json.loads(body) for (body,) in self._db.execute(query, (name,))]

    def concerning(self, ids: Iterable[str], lives: Sequence[str]) -> list[dict[str, Any]]:
        """Findings with one of these ids, whatever their life, and all in some state of life."""
        bodies = {(f["id"], f["since"]): f for f in self.findings(lives)}
        for id_ in sorted(set(ids)):
            for (body,) in self._db.execute("select body from findings where id = ?", (id_,)):
                finding = json.loads(body)
                bodies[finding["id"], finding["since"]] = finding
        return list(bodies.values())

    def keep(self, finding: dict[str, Any]) -> None:
        """Write a finding; ``id`` and ``since`` name it."""
        values = (finding["id"], finding["since"], finding["life"], json.dumps(finding))
        self._db.execute("insert or replace into findings values (?, ?, ?, ?)", values)

    def mutes(self) -> list[dict[str, Any]]:
        """Rules of silence, with their number."""
        return [
            {"number": n, **json.loads(body)} for n, body in self._db.execute("select * from mutes order by number")
        ]

    def mute(self, body: dict[str, Any]) -> int:
        """Add a rule of silence; its number."""
        return int(self._db.execute("insert into mutes(body) values (?)", (json.dumps(body),)).lastrowid or 0)

    def unmute(self, number: int) -> bool:
        """Take a rule of silence away; whether there was one."""
        return self._db.execute("delete from mutes where number = ?", (number,)).rowcount > 0

    def post(self, key: str, body: dict[str, Any]) -> None:
        """Put a notice into the outbox; once only."""
        if not self._db.execute("select 1 from delivered where key = ?", (key,)).fetchone():
            self._db.execute("insert or ignore into outbox values (?, ?)", (key, json.dumps(body)))

    def outbox(self) -> list[dict[str, Any]]:
        """Notices that not every sink has, oldest first."""
        bodies = [json.loads(body) for (body,) in self._db.execute("select body from outbox")]
        return sorted(bodies, key=lambda body: (body["said"], body["key"]))

    def delivered(self, key: str) -> set[str]:
        """Sinks that have a notice."""
        return {sink for (sink,) in self._db.execute("select sink from delivered where key = ?", (key,))}

    def deliver(self, key: str, sink: str) -> None:
        """A sink has a notice."""
        self._db.execute("insert or ignore into delivered values (?, ?)", (key, sink))

    def told(self, key: str) -> None:
        """Every sink has a notice."""
        self._db.execute("delete from outbox where key = ?", (key,))
