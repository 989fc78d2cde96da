"""Made-up activities, as JSON lines that `tutti import` reads."""

import datetime
import json
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
