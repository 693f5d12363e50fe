"""Secrets of this process, and texts without them.

Belongs here: which values must never be shown, in the forms in which libraries and servers write them, and
taking them out of errors, logs and tracebacks.
Does not belong here: which settings are secrets (settings) and who stores or posts a text.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

HIDDEN = "<secret>"
SHORTEST = 8  # characters; what is shorter stands in many a word, and no service hands out such a key

# longest first: a whole value goes before a part of it. A search for each is a hundred times as fast as a
# regular expression of all: 0.2 ms for a page of a megabyte
_forms: list[str] = []


def keep_secret(value: str | None) -> None:
    """From here on this process neither shows nor stores the value; of an address its path neither."""
    if not value:
        return
    # a client may name one line of a value that has several
    whole = [value, *value.split()]
    path = urlsplit(value)._replace(scheme="", netloc="").geturl() if "://" in value else ""
    found = {form for part in (*whole, path) if len(part) >= SHORTEST for form in _written(part)}
    if not _forms and found:
        _install()
    _forms[:] = sorted(found.union(_forms), key=len, reverse=True)


def redact(text: str) -> str:
    """The text without a known secret."""
    for form in _forms:
        text = text.replace(form, HIDDEN)
    return text


def redact_bytes(body: bytes) -> bytes:
    """What came over the network, without a known secret that a server echoes."""
    for form in _forms:
        body = body.replace(form.encode(errors="surrogatepass"), HIDDEN.encode())
    return body


def is_telling(error: BaseException) -> bool:
    """Whether a traceback of the error, with its causes, would show a secret."""
    told = "".join(traceback.format_exception(error))
    return redact(told) != told


def _written(value: str) -> set[str]:
    """As it is, percent-encoded, as Python prints it, as JSON has it."""
    encoded = value.encode(errors="surrogatepass")
    return {
        value,
        quote(encoded),
        quote(encoded, safe=""),
        quote_plus(encoded),
        repr(value)[1:-1],
        repr(encoded)[2:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
    }


def _install() -> None:
    """Log records and tracebacks of the whole process pass here from the first secret on."""
    make = logging.getLogRecordFactory()

    def without_secrets(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        try:
            said = record.getMessage()
        except Exception:  # arguments that do not fit are told of by the handler
            return record
        if redact(said) != said:
            record.msg, record.args = redact(said), ()
        if record.exc_info and record.exc_info[1] is not None and is_telling(record.exc_info[1]):
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1]))).rstrip()
        return record

    logging.setLogRecordFactory(without_secrets)
    sys.excepthook = _telling_nothing(sys.excepthook)


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


def _telling_nothing(hook: Hook) -> Hook:
    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if is_telling(error):
            sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
        else:
            hook(kind, error, trace)

    return show
