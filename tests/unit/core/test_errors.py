"""Goal: an error says what happened, under which code, and what to do about it."""

from liftline.core.errors import (
    BrokenError,
    ConflictError,
    DeniedError,
    InvalidError,
    LiftlineError,
    NotFoundError,
    UnavailableError,
)

ROOTS = (InvalidError, NotFoundError, ConflictError, DeniedError, UnavailableError, BrokenError)


class NoSuchThingError(NotFoundError):
    """There is no such thing.

    The rest of the docstring is for readers of the code.
    """

    code = "test.no_such_thing"
    default_cure = "make one"


def test_the_docstring_is_the_default_message() -> None:
    error = NoSuchThingError()
    assert error.message == "There is no such thing."
    assert str(error) == "There is no such thing. [test.no_such_thing] Cure: make one"


def test_message_cure_and_facts_can_be_given() -> None:
    error = NoSuchThingError("no thing 7", cure="look again", facts={"id": 7})
    assert (error.message, error.cure, error.facts) == ("no thing 7", "look again", {"id": 7})


def test_the_six_roots_have_distinct_codes_and_share_one_ancestor() -> None:
    assert len({root.code for root in ROOTS}) == len(ROOTS) == 6
    assert all(issubclass(root, LiftlineError) for root in ROOTS)


def test_unavailable_says_when_to_come_back() -> None:
    assert UnavailableError("busy", retry_after_s=2.5).retry_after_s == 2.5
