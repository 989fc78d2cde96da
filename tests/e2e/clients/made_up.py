"""Made-up activities and organisations that `tutti import` reads."""

import datetime
import json
import pathlib
import random

DAY = datetime.timedelta(days=1)


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def write_activities(path, people, days, seed=1):
    """Writes what `people` made-up people did on the last `days` days; returns the first day."""
    draw = random.Random(seed)
    first = today() - days * DAY
    with open(path, "w") as file:
        for offset in range(days):
            time = f"{(first + offset * DAY).isoformat()}T12:00:00Z"
            for person in range(people):
                for kind, share in (("mail.sent", 0.6), ("chat.sent", 0.4), ("file.read", 0.3)):
                    if draw.random() < share:
                        file.write(json.dumps({
                            "subject": f"person-{person}@made-up.example", "type": kind,
                            "occurredAt": time, "app": "outlook",
                            "platform": draw.choice(["desktop", "web", "mobile"])}) + "\n")
    return first.isoformat()


def make_up(suite, folder, name, people, weeks, formats, *more):
    """Makes an organisation up with `tutti-sample make`, in these formats, until yesterday;
    returns its first day."""
    last = today() - DAY
    words = [word for one in formats for word in ("--format", one)]
    suite.make_up("--organization", name, "--people", str(people), "--weeks", str(weeks),
                  "--last-day", last.isoformat(), "--out", str(folder), *words, *more)
    return (last - (7 * weeks - 1) * DAY).isoformat()


def bring_in(suite, folder, name, pattern, form):
    """Imports the files of one source of the folder; returns what the summary says of the
    organisation. All but the days before the first whole week must be taken."""
    files = sorted(str(path) for path in pathlib.Path(folder).glob(pattern))
    summary = json.loads(suite.tutti("import", "--organization", name, "--format", form, "--groups",
                                     f"{folder}/groups.txt", "--summary", "json", *files))
    (tenant,) = summary["tenants"]
    upload = tenant["upload"]
    refused = set(upload["refused"]) - {"REASON_BEFORE_FIRST_DAY"}
    if refused or upload["ignored_values"] or not upload["accepted"]:
        raise RuntimeError(f"{form} was not taken: {upload}")
    return tenant


def read_catalog(path):
    """A catalogue; make_stubs() comes first."""
    from google.protobuf import text_format
    from tutti.catalog.v1 import catalog_pb2
    return text_format.Parse(path.read_text(), catalog_pb2.Catalog())
