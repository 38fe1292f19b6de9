"""Long work in the background of one process: a queue, progress as events, pause and cancel.

    interface → Desk.submit → one worker thread → library, with a Job that hears every event

Between the library and the interfaces that run for long; the command line does without it.
"""

from mammothbox.jobs.desk import Desk
from mammothbox.jobs.job import Job, State

__all__ = ["Desk", "Job", "State"]
