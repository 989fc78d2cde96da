#!/usr/bin/env python3
"""A complete client of Tutti: sends activities, and reads the score.

    client.py send ORGANIZATION < activities.jsonl
    client.py score ORGANIZATION

Takes TUTTI_INGEST, TUTTI_SCORE (host:port), TUTTI_CA and TUTTI_TOKEN_FILE from the
environment. Stubs: protos/README.md says how they are made.
"""

import itertools
import os
import pathlib
import queue
import random
import sys
import time

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from tutti.score.v1 import score_pb2, score_pb2_grpc

BATCH = 1000  # activities; at most 10,000 and 16 MiB
UNANSWERED = 32  # batches of a stream; further ones are not read
MAX_BYTES = 16 << 20
RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
ATTEMPTS = 8


class Token(grpc.AuthMetadataPlugin):
    """Shows the token that the file holds when a call begins: it may be renewed meanwhile."""

    def __call__(self, context, callback):
        token = pathlib.Path(os.environ["TUTTI_TOKEN_FILE"]).read_text().strip()
        callback((("authorization", f"Bearer {token}"),), None)


def connect(address):
    """A channel with TLS, the token, and the service config."""
    authorities = pathlib.Path(os.environ["TUTTI_CA"]).read_bytes()
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(authorities), grpc.metadata_call_credentials(Token()))
    config = pathlib.Path(__file__).with_name("service_config.json").read_text()
    return grpc.secure_channel(address, credentials, options=[
        ("grpc.service_config", config),
        ("grpc.max_receive_message_length", MAX_BYTES),
        # gRPC does not retry a call whose messages are larger than this.
        ("grpc.per_rpc_retry_buffer_size", MAX_BYTES + (1 << 20)),
    ])


def details_of(error):
    """The google.rpc details of an error, each as its own message."""
    found = []
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for packed in status_pb2.Status.FromString(value).details:
                for kind in (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo,
                             error_details_pb2.BadRequest):
                    if packed.Is(kind.DESCRIPTOR):
                        message = kind()
                        packed.Unpack(message)
                        found.append(message)
    return found


def pause_after(error, attempt):
    """Seconds to wait: what the server asks for, else longer each time, by chance."""
    for detail in details_of(error):
        if isinstance(detail, error_details_pb2.RetryInfo):
            return detail.retry_delay.ToTimedelta().total_seconds()
    return random.uniform(0.5, 1) * min(10, 0.1 * 2**attempt)


def read_batches(organization, lines):
    """Batches of the activities that the lines hold: {"subject":..,"type":..,"occurredAt":..}."""
    lines = (line for line in lines if line.strip())
    while chunk := list(itertools.islice(lines, BATCH)):
        yield ingest_pb2.IngestActivitiesRequest(
            organization=f"organizations/{organization}",
            activities=[json_format.Parse(line, ingest_pb2.Activity()) for line in chunk])


def send(ingest, batches, tell):
    """Sends every batch over a stream until it is answered, and tells each answer.

    Sending again never counts twice, so whatever was not answered is simply sent again.
    """
    ids, batches, unanswered, attempt = itertools.count(1), iter(batches), {}, 0

    def fill(outbox):
        while len(unanswered) < UNANSWERED and (batch := next(batches, None)) is not None:
            name = str(next(ids))
            unanswered[name] = batch
            outbox.put(ingest_pb2.StreamActivitiesRequest(request_id=name, batch=batch))

    while True:
        outbox = queue.SimpleQueue()
        for name, batch in unanswered.items():
            outbox.put(ingest_pb2.StreamActivitiesRequest(request_id=name, batch=batch))
        fill(outbox)
        if not unanswered:
            return
        try:
            for answer in ingest.StreamActivities(iter(outbox.get, None)):
                code = answer.error.code if answer.HasField("error") else 0
                if code in [status.value[0] for status in RETRYABLE]:
                    attempt += 1
                    if attempt >= ATTEMPTS:
                        raise RuntimeError(answer.error.message)
                    time.sleep(answer.error.retry_delay.ToTimedelta().total_seconds())
                    outbox.put(ingest_pb2.StreamActivitiesRequest(
                        request_id=answer.request_id, batch=unanswered[answer.request_id]))
                    continue
                attempt = 0
                tell(unanswered.pop(answer.request_id), answer)
                fill(outbox)
                if not unanswered:
                    outbox.put(None)
        except grpc.RpcError as error:
            attempt += 1
            if error.code() not in RETRYABLE or attempt >= ATTEMPTS:
                raise
            time.sleep(pause_after(error, attempt))
        finally:
            outbox.put(None)


def main():
    command, organization = sys.argv[1:]
    if command == "score":
        with connect(os.environ["TUTTI_SCORE"]) as channel:
            answer = score_pb2_grpc.ScoreServiceStub(channel).GetScore(
                score_pb2.GetScoreRequest(name=f"organizations/{organization}/scores/latest"), timeout=10)
        percent = answer.score.percent
        print(f"{answer.score.name}: {percent.value:.1f} ± {percent.margin:.1f} %")
        return
    accepted = refused = partly_late = 0

    def tell(batch, answer):
        nonlocal accepted, refused, partly_late
        if answer.HasField("error"):
            raise RuntimeError(answer.error.message)
        accepted += answer.response.accepted_count
        partly_late += answer.response.partly_late_count
        for rejection in answer.response.rejections:
            refused += 1
            print(f"refused: {rejection.field} {rejection.description}", file=sys.stderr)

    with connect(os.environ["TUTTI_INGEST"]) as channel:
        send(ingest_pb2_grpc.IngestServiceStub(channel), read_batches(organization, sys.stdin), tell)
    print(f"{accepted} accepted ({partly_late} late for some windows), {refused} refused")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        reasons = [detail.reason for detail in details_of(error) if hasattr(detail, "reason")]
        sys.exit(f"{error.code().name}: {error.details()} {reasons}")
