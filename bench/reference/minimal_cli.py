"""Reference for bench/start.py: a command line of as many words that imports nothing but cyclopts.

What `liftline --help` takes beyond this is Liftline's own.
"""

from cyclopts import App

app = App(name="minimal", version="1", help="Words with nothing behind them.")

WORDS = (
    "accounts", "config", "demo", "doctor", "jobs", "keys", "log", "metrics", "secrets",
    "tracking", "up", "warehouse",
)  # fmt: skip


def _nothing() -> None:
    """Say nothing, in about as many words as a real command needs for its help."""


for word in WORDS:
    app.command(_nothing, name=word)

if __name__ == "__main__":
    app()
