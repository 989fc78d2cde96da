"""A caller who does nothing wrong: calls until its standard input ends, then prints how many
calls succeeded, what became of the others, and how long they took, as JSON."""

import argparse
import collections
import json
import pathlib
import select
import sys
import time

import grpc

CALLS_OF_A_CONNECTION = 10
PAUSE = 0.02


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] if times else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("authority", type=pathlib.Path)
    parser.add_argument("token", type=pathlib.Path)
    parser.add_argument("call", nargs="+", help="ADDRESS METHOD FILE_OF_THE_REQUEST, any number of times")
    asked = parser.parse_args()
    credentials = grpc.ssl_channel_credentials(asked.authority.read_bytes())
    metadata = [("authorization", "Bearer " + asked.token.read_text().strip())]
    calls = [(asked.call[i], asked.call[i + 1], pathlib.Path(asked.call[i + 2]).read_bytes())
             for i in range(0, len(asked.call), 3)]
    print("calling", flush=True)
    times, codes, number, channels = [], collections.Counter(), 0, {}
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        if number % (CALLS_OF_A_CONNECTION * len(calls)) == 0:
            for channel in channels.values():
                channel.close()
            # One that shares no connection with those before.
            channels = {address: grpc.secure_channel(address, credentials, [("grpc.use_local_subchannel_pool", 1)])
                        for address, _, _ in calls}
        address, method, request = calls[number % len(calls)]
        number += 1
        began = time.monotonic()
        error = channels[address].unary_unary(method).future(request, timeout=10, metadata=metadata).exception()
        times.append(time.monotonic() - began)
        codes["OK" if error is None else f"{error.code().name}: {error.details()[:80]}"] += 1
    print(json.dumps({"calls": number, "ok": codes["OK"], "others": {k: v for k, v in codes.items() if k != "OK"},
                      "p50_ms": 1000 * percentile(times, 0.5), "p99_ms": 1000 * percentile(times, 0.99),
                      "max_ms": 1000 * max(times, default=0)}))


if __name__ == "__main__":
    main()
