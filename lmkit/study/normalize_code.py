"""Answers in code, brought to one spelling where Python reads them alike."""

from __future__ import annotations

import re

# The browser judges by the same patterns: lmkit/widgets/static/exercise_judge.js.
_SPACE = "\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"  # as str.split() has it
_TOKEN = re.compile(
    r"[A-Za-z_][A-Za-z_0-9.]*|[0-9][0-9_]*(?:\.[0-9]*)?"
    rf"|\"[^\"]*\"|'[^']*'|\*\*|//|==|!=|<=|>=|->|[^{_SPACE}]"
)
_PREFIX = re.compile(r"^(?:(?:torch\.)?nn\.(?=[A-Z])|(?:torch\.nn\.functional|nn\.functional|F|torch)\.(?=[a-z_]))")
_KEYBOARD = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "−": "-", "–": "-", "×": "*", "·": "*"})


def normalize_code(code: str) -> str:
    """Return one spelling for all code that Python reads alike.

    Tokens are joined by single spaces; strings are in double quotes; digits are not grouped by `_`; the marks that
    keyboards put in place of plain quotes, minus and times are plain again; and what torch has in several places has
    its last name only: `torch.nn.Embedding` and `nn.Embedding` become `Embedding`, `F.relu` and `torch.relu` `relu`.
    """
    return " ".join(map(_normalize_token, _TOKEN.findall(code.translate(_KEYBOARD))))


def _normalize_token(token: str) -> str:
    if token[0] == "'" and len(token) > 1 and '"' not in token:
        return f'"{token[1:-1]}"'
    if token[0] in "0123456789":
        return token.replace("_", "")
    return _PREFIX.sub("", token)
