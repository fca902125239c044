"""Fills a store of PyPI's `eventsourcing` and prints how many events a second it reads and decodes: nothing else is done with them.

eventsourcing_read.py HOST PORT USER DATABASE EVENTS
"""

import os
import sys
import time

host, port, user, database, count = *sys.argv[1:5], int(sys.argv[5])
os.environ |= {
    "PERSISTENCE_MODULE": "eventsourcing.postgres",
    "POSTGRES_HOST": host,
    "POSTGRES_PORT": port,
    "POSTGRES_USER": user,
    "POSTGRES_PASSWORD": "",
    "POSTGRES_DBNAME": database,
}

from eventsourcing.application import Application  # noqa: E402
from eventsourcing.domain import Aggregate, event  # noqa: E402


class Teacher(Aggregate):
    """A record whose long name is changed again and again."""

    def __init__(self):
        self.long_name = ""

    @event("Reworded")
    def reword(self, long_name: str):
        self.long_name = long_name


OF_ONE = 500
AT_ONCE = 1000
application = Application()
for _ in range(count // OF_ONE):
    teacher = Teacher()
    for n in range(OF_ONE - 1):
        teacher.reword(f"{n} " + "x" * 200)
    application.save(teacher)

began, read, start = time.perf_counter(), 0, 1
while notifications := application.recorder.select_notifications(start, AT_ONCE):
    for notification in notifications:
        application.mapper.to_domain_event(notification)
    read += len(notifications)
    start = notifications[-1].id + 1
took = time.perf_counter() - began
assert read == count // OF_ONE * OF_ONE, read
print(f"{read / took:.0f}")
