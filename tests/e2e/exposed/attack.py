"""Attacks for some seconds and prints what it sent, as JSON."""

import argparse
import json
import pathlib
import resource

import attacks
import handshakes  # noqa: F401: it adds its attacks


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(attacks.ATTACKS))
    parser.add_argument("address")
    parser.add_argument("authority")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--token-file", type=pathlib.Path)
    parser.add_argument("--body-file", type=pathlib.Path)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--source", default="", help="the address to come from")
    asked = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = attacks.Target(asked.address, asked.authority, asked.seconds,
                            asked.token_file.read_text().strip() if asked.token_file else None,
                            asked.body_file.read_bytes() if asked.body_file else b"", asked.connections, asked.source)
    attacks.ATTACKS[asked.name](target)
    print(json.dumps(target.counts))


if __name__ == "__main__":
    main()
