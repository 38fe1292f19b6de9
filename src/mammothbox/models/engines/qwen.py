"""The small writer on ONNX Runtime: several answers at once, each bound to its own JSON schema.

Place in the flow: the host holds one `QwenEngine`; `chat` and `stream` may be called from several
threads. One thread of its own reads prompts and takes one token for all answers at a time, so an
answer that comes later joins those that are being written. Knows nothing of HTTP.

Example:
    >>> engine = QwenEngine(Path("qwen2.5-coder-0.5b"), threads=2, rows=8)  # doctest: +SKIP
    >>> engine.chat({"messages": [{"role": "user", "content": "Hi"}]})      # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mammothbox.errors import ModelError, UsageError
from mammothbox.models.engines.qwen_answers import Answer
from mammothbox.models.engines.qwen_rows import Rows, shared
from mammothbox.models.engines.qwen_words import Words
from mammothbox.models.graphs.qwen2 import GRAPH, ROOM, TOKENIZER


class QwenEngine:
    """One loaded model.

    Args:
        folder: of the files that `graphs.qwen2` builds.
        threads: compute threads.
        rows: answers written at once; a token for eight takes about twice as long as one for one.

    Raises:
        WeightsMissing: a file is not there.
    """

    context_tokens = ROOM
    """Prompt and answer together may be this long; all that are written at once, too."""

    def __init__(self, folder: Path, threads: int, rows: int) -> None:
        self._words = Words(folder / TOKENIZER)
        self._rows = Rows(folder / GRAPH, threads, rows)
        self._news = threading.Condition()
        self._waiting: list[Answer] = []
        self._going: dict[int, Answer] = {}
        threading.Thread(target=self._work, name="writer", daemon=True).start()

    def chat(self, request: dict[str, Any]) -> dict[str, Any]:
        """One answer in the shape of ``/v1/chat/completions``; greedy unless a temperature is set.

        Raises:
            UsageError: the request cannot be followed.
            ModelError: it failed while it was answered.
        """
        return self._written(Answer(request, self._words)).whole()

    def stream(self, request: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool]) -> None:
        """`chat`, each chunk given to `on_chunk` as it is written, until that returns False.

        Raises:
            UsageError: the request cannot be followed.
            ModelError: it failed while it was answered.
        """
        answer = self._written(Answer(request, self._words, on_chunk))
        for chunk in answer.last_chunks():
            if not on_chunk(chunk):
                break

    def _written(self, answer: Answer) -> Answer:
        """`answer`, when it is finished."""
        with self._news:
            self._waiting.append(answer)
            self._news.notify()
        answer.done.wait()
        if isinstance(answer.error, UsageError):
            raise answer.error
        if answer.error is not None:
            raise ModelError(f"the writer failed: {answer.error}") from answer.error
        return answer

    def _work(self) -> None:
        while True:
            with self._news:
                while not (self._waiting or self._going):
                    self._news.wait()
                row = self._row_for_first()
                answer = self._waiting.pop(0) if row is not None else None
            try:
                if row is not None and answer is not None:
                    self._going[row] = answer
                    self._take(row, self._rows.read(row, answer.prompt, anew=answer.alone))
                else:
                    last = {row: answer.ids[-1] for row, answer in self._going.items()}
                    for row, scores in self._rows.go_on(last).items():
                        self._take(row, scores)
            except BaseException as error:  # a thread's border: handed to those who wait
                self._fail(error)

    def _row_for_first(self) -> int | None:
        """The row for the answer that waits longest; None where it has to wait on.

        The one that holds most of its beginning. All that go on share the room of one.
        """
        if not self._waiting:
            return None
        first, going = self._waiting[0], self._going.values()
        taken = sum(answer.most_tokens for answer in going)
        if going and (
            first.alone or any(answer.alone for answer in going) or taken + first.most_tokens > ROOM
        ):
            return None
        free = [row for row in range(len(self._rows.held)) if row not in self._going]
        held = self._rows.held
        return max(free, key=lambda row: shared(held[row], first.prompt), default=None)

    def _take(self, row: int, scores: Any) -> None:
        """Let the answer in `row` choose its next token; what fails there concerns it alone."""
        answer = self._going[row]
        try:
            going = answer.take(scores)
        except BaseException as error:  # a listener that fails; a library in Rust that panics
            answer.error, going = error, False
        if not going:
            self._end(row)

    def _end(self, row: int) -> None:
        answer = self._going.pop(row)
        self._rows.leave(row)
        answer.done.set()

    def _fail(self, error: BaseException) -> None:
        """The network failed: nobody knows what the rows at work hold now."""
        for row in list(self._going):
            self._going[row].error = error
            self._rows.held[row].clear()
            self._end(row)
