"""``docs/rules.md`` says what the rules say."""

from pathlib import Path

from netwatch.fingerprint.document import document
from netwatch.fingerprint.load import load_rules

WRITTEN = Path(__file__).parents[2] / "docs" / "rules.md"
HEAD = '# Rules\n\nMade by `make rules` (`netwatch rules show ""`); the words are explained in `fingerprints.md`.\n\n'


def test_documentation_is_that_of_the_rules():
    made = HEAD + "".join(f"{document(rule)}\n" for rule in load_rules())
    assert WRITTEN.read_text() == made, "run: make rules"
