"""One spelling per JSON object, so that the same event always has the same bytes.

The rules, which the whole product stands on (hashes, duplicates, rebuilds):

- keys sorted by code point at every depth, no blank space, UTF-8, no needless escapes;
- an integer literal stays an integer and must fit in 64 bits with its sign; a literal
  with a point or an exponent is an IEEE 754 double and must be finite. So `1` and `1.0`
  differ, `1.0` and `1e0` do not, and `-0.0` differs from `0.0`;
- no key twice in one object, at most 32 levels, at most 64 KB (before and after);
- a lone surrogate or a byte that is not UTF-8 is a rejection, never a replacement.

The tracking plan decides whether an event is accepted, never how its bytes look: a retry
that straddles a change of the plan is still the same event.

Two ways lead to the same answer. The fast one lets msgspec do everything in C and then
counts colons (see `is_surely_unique`). Whatever it does not vouch for goes the exact way,
with the standard library's parser and a hook on every object; it also finds the words
for a rejection. A property test holds the two against each other.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, NoReturn

import msgspec

from liftline.data.events.contracts import Violation

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 32
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
_FAST_DEPTH: Final = 6

Int64 = Annotated[int, msgspec.Meta(ge=INT_MIN, le=INT_MAX)]
REFUSALS: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What a parser throws at bytes it does not take; UnicodeError is a ValueError."""

_COLON: Final = ord(":")
_BACKSLASH: Final = ord("\\")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"{}[]")


def json_value(depth: int = _FAST_DEPTH) -> Any:
    """The type of any JSON value up to a depth, with integers bounded, for msgspec.

    msgspec cannot express a recursive type, and this one doubles with each level: six
    levels are 64 nodes, and deeper values are left to the exact way.
    """
    kind: Any = bool | Int64 | float | str | None
    for _ in range(depth):
        kind = bool | Int64 | float | str | list[kind] | dict[str, kind] | None
    return kind


JSON_VALUE: Final = json_value()
JSON_OBJECT: Final[Any] = dict.__class_getitem__((str, JSON_VALUE))
_decode_object = msgspec.json.Decoder(JSON_OBJECT).decode
encode_sorted = msgspec.json.Encoder(order="sorted").encode


def canonical_object(raw: bytes) -> bytes | Violation:
    """The canonical bytes of a JSON object, or why there are none. Never raises."""
    if len(raw) <= MAX_BYTES:
        try:
            canonical = encode_sorted(_decode_object(raw))
        except REFUSALS:
            pass
        else:
            if is_surely_unique(raw, canonical):
                return canonical
    parsed = parse_exactly(raw)
    return parsed if isinstance(parsed, Violation) else parsed[1]


def is_surely_unique(raw: bytes, canonical: bytes) -> bool:
    r"""Whether no key was dropped on the way from raw to canonical; False means "look closer".

    Every key has exactly one colon outside strings, whatever blank space is around it, and
    a dropped duplicate takes its colon along. Colons inside kept strings are the same on
    both sides unless one was written `\u003a`, so any `\u` makes the answer False. Numbers
    have no colon. So equal counts prove that nothing was dropped.
    """
    if _BACKSLASH in raw and b"\\u" in raw:
        return False
    return raw.count(_COLON) == canonical.count(_COLON) and len(canonical) <= MAX_BYTES


def parse_exactly(raw: bytes) -> tuple[dict[str, Any], bytes] | Violation:
    """The object and its canonical bytes by the slow, exact way, or the precise reason."""
    if len(raw) > MAX_BYTES:
        return _too_large(len(raw))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return Violation(
            code="not_utf8",
            message=f"byte {error.start} of the properties is not UTF-8: {error.reason}",
            cure="encode the body as UTF-8, with no byte order mark",
        )
    if _is_too_deep(raw):
        return Violation(
            code="too_deep",
            message=f"the properties nest deeper than the {MAX_DEPTH} levels that are taken",
            cure="flatten the structure, or send the inner part as a string",
        )
    try:
        parsed = _EXACT.decode(text)
    except _DefectError as defect:
        return defect.violation
    except ValueError as error:
        return _not_json(raw, str(error))
    if not isinstance(parsed, dict):
        return Violation(
            code="not_an_object",
            message=f"the properties are {_json_word(parsed)}, not an object",
            cure='send an object such as {"step_id": "connect_source"}; {} when there is nothing',
        )
    try:
        canonical = encode_sorted(parsed)
    except UnicodeEncodeError:
        return Violation(
            code="not_utf8",
            message="a string holds half of a surrogate pair, which is not text",
            cure="cut strings between characters, not inside one (an emoji is two halves)",
        )
    return _too_large(len(canonical)) if len(canonical) > MAX_BYTES else (parsed, canonical)


class _DefectError(Exception):
    """Carries a violation out of the parser's hooks."""

    def __init__(self, code: str, message: str, cure: str) -> None:
        super().__init__(message)
        self.violation = Violation(code=code, message=message, cure=cure)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            break
        seen.add(key)
    raise _DefectError(
        "duplicate_key",
        f"the key {shown(key)} is there twice in one object",
        "send each key once; two values for one key have no agreed meaning",
    )


def _int64(digits: str) -> int:
    if len(digits) <= 20 and INT_MIN <= (number := int(digits)) <= INT_MAX:
        return number
    raise _DefectError(
        "integer_out_of_range",
        f"the integer {shown(digits)} does not fit in 64 bits",
        "send large numbers and ids as strings",
    )


def _finite(digits: str) -> float:
    number = float(digits)
    if number - number == 0:
        return number
    raise _DefectError(
        "not_finite",
        f"the number {shown(digits)} is beyond what a double can hold",
        "send a finite number, or leave the property out when there is none",
    )


def _no_constant(word: str) -> NoReturn:
    raise _DefectError(
        "not_finite",
        f"{word} is not a number in JSON",
        "send a finite number, or leave the property out when there is none",
    )


_EXACT = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_int64, parse_float=_finite, parse_constant=_no_constant
)


def _is_too_deep(raw: bytes) -> bool:
    """Bounded work for hostile bytes: strings and all but brackets leave in C."""
    level = 0
    for byte in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        level += 1 if byte in b"{[" else -1
        if level > MAX_DEPTH:
            return True
    return False


def _too_large(size_bytes: int) -> Violation:
    return Violation(
        code="too_large",
        message=f"the properties have {size_bytes} bytes; at most {MAX_BYTES} are taken",
        cure="send less, or store the content elsewhere and send its address",
    )


def _not_json(raw: bytes, reason: str) -> Violation:
    what = "are empty" if not raw.strip() else f"are not JSON: {reason}"
    return Violation(
        code="not_json",
        message=f"the properties {what}",
        cure="build the body with a JSON library; send {} when there are no properties",
    )


def _json_word(value: object) -> str:
    words = {type(None): "null", bool: "a boolean", str: "a string", list: "an array"}
    return words.get(type(value), "a number")


def shown(value: object, limit: int = 60) -> str:
    """A value as a reader may see it in a message: quoted, printable and short."""
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
