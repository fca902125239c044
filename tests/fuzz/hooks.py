"""What schemathesis must know of Daybook: how to log in, what makes a write more than a refusal, and what would end the run.

scripts/fuzz says in the environment where the service is and as whom it is tried.
"""

import os
import random

import requests
import schemathesis
from schemathesis.generation import GenerationMode

BASE = os.environ["DAYBOOK_FUZZ_BASE"]
USER = os.environ["DAYBOOK_FUZZ_USER"]
PASSWORD = "daybook-demo"
PLAN = "100234~2026-2027~1"
MAY_COVER = USER in ("admin", "clara")


def ask(method, path, token=None, **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= more.pop("headers", {})
    return requests.request(method, f"{BASE}/v1{path}", headers=headers, timeout=60, **more)


def log_in(mode=None):
    body = {"user": USER, "password": PASSWORD, "plan": PLAN} | ({"mode": mode} if mode else {})
    answer = ask("POST", "/sessions", json=body)
    if answer.status_code != 201 and State.session is None:
        answer.raise_for_status()
    return answer.json().get("token")


def release_locks():
    """Nobody gets into a plan under an exclusive lock, the holder's second session neither."""
    if State.lock:
        ask("DELETE", f"/plans/{PLAN}/locks/{State.lock}", State.session)
        State.lock = None


def log_out(token):
    ask("DELETE", "/sessions/current", token)


class State:
    """Of the run."""

    session = None
    cover = None
    opened = set()
    own_id = None
    lock = None


def operation_of(case):
    return case.operation.definition.raw.get("operationId")


def is_cover(case):
    """What only a session in cover mode may write."""
    below = case.path.removeprefix("/v1/plans/{plan}/").split("/")[0]
    return below in ("absences", "substitutions") and case.method != "GET" and MAY_COVER


@schemathesis.auth(refresh_interval=None)
class Session:
    """One session for the whole run, and one in cover mode while that is needed. What ends or changes a session gets one each time."""

    def get(self, case, context):
        if is_cover(case):
            if State.cover is None:
                release_locks()
                State.cover = log_in("cover")
            return State.cover or State.session
        if State.cover is not None:
            # Whoever stays in the plan stands in the way of every exclusive lock.
            log_out(State.cover)
            State.cover = None
        if operation_of(case) in ("log_out", "change_own_session"):
            release_locks()
            token = log_in()
            if token is not None:
                State.opened.add(token)
                return token
            # The plan is kept shut, for the lock of somebody who signed others off: then with what there is.
        if State.session is None:
            State.session = log_in()
        return State.session

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


def is_meant_well(case):
    """Made to be accepted, and at random: what tries every member in turn is left as it is."""
    meta = case.meta
    return (
        meta is not None
        and meta.generation.mode == GenerationMode.POSITIVE
        and meta.phase.name.value in ("fuzzing", "stateful")
    )


def own_id():
    """The id of the user of this run, where he may know it; he is not to take his own rights away."""
    if State.own_id is None:
        users = ask("GET", "/users?limit=1000", State.session).json().get("items", [])
        State.own_id = next((user["id"] for user in users if user["name"] == USER), "")
    return State.own_id


@schemathesis.hook
def before_call(context, case, kwargs):
    if operation_of(case) in ("change_user", "disable_user") and case.path_parameters.get("id") == own_id():
        case.path_parameters["id"] = "00000000-0000-7000-8000-000000000000"
    for name in ("If-Match", "If-None-Match"):
        # Where it finds no value for the pattern of a header it sends 0, and takes that for one.
        if case.headers.get(name) == "0":
            case.headers[name] = "*"
    if not is_meant_well(case):
        return
    taken = {parameter.name for parameter in case.operation.headers}
    dice = random.Random(case.id)
    # A tag, a lock or a key out of thin air is refused before anything of interest happens.
    if "If-Match" in taken and dice.random() < 0.9:
        makes = "If-None-Match" in taken and dice.random() < 0.5
        case.headers.pop("If-Match", None)
        case.headers.pop("If-None-Match", None)
        case.headers["If-None-Match" if makes else "If-Match"] = "*"
    if "Daybook-Lock" in taken and dice.random() < 0.9:
        case.headers.pop("Daybook-Lock", None)
        if State.lock:
            case.headers["Daybook-Lock"] = State.lock
    if case.query.get("period") and case.method != "GET" and dice.random() < 0.7:
        case.query.pop("period")
    if isinstance(case.body, dict) and (operation_of(case) or "").startswith(("create_", "put_", "patch_")):
        # Of twenty members with names out of thin air one is sure to be refused; of a few, not.
        drop = [name for name in case.body if name == "id" and case.method == "PUT" or dice.random() < 0.6]
        case.body = {name: value for name, value in case.body.items() if name not in drop}
    if "Idempotency-Key" in taken and dice.random() < 0.8:
        case.headers.pop("Idempotency-Key", None)


@schemathesis.hook
def after_call(context, case, response):
    operation, status = operation_of(case), response.status_code
    sent = (case.headers or {}).get("Authorization", "").removeprefix("Bearer ")
    if status == 401 and State.session and sent == State.session:
        State.session = None
    elif status == 401 and State.cover and sent == State.cover:
        State.cover = None
    elif sent in State.opened:
        State.opened.remove(sent)
        log_out(sent)
    elif operation == "log_in" and status == 201:
        token = response.json().get("token")
        if token != State.session:
            log_out(token)
    elif status == 201 and case.path.endswith("/locks"):
        State.lock = response.json()["lock"]
    elif operation == "change_plan" and status == 200 and response.json().get("state") != "open":
        ask("PATCH", f"/plans/{PLAN}", State.session, json={"state": "open"}, headers={"If-Match": "*"})
    elif case.path == "/v1/outage" and case.method == "PUT" and status < 300:
        # The message may stay; a closed gate or a service that is down would leave nothing to be tried.
        if response.json().get("state") != "announced":
            ask("DELETE", "/outage", State.session)
