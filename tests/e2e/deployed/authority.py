"""The files of the Secrets that deploy/kubernetes/README.md has an operator make, for a throwaway cluster."""

import os
import shutil
import subprocess

from suite import BIN

TRUST_DOMAIN = "tutti.example"
NAMES = {"ingest": ["tutti-ingest", "tutti-backend"], "aggregate": ["tutti-aggregate", "tutti-backend"],
         "score": ["tutti-score", "tutti-backend"], "redis": [f"tutti-redis-{i}.tutti-redis" for i in range(6)],
         "journal": ["tutti-journal-0.tutti-journal", "tutti-journal-replica-0.tutti-journal-replica"],
         "edge": ["tutti.example"], "operator": ["tutti-operator"]}
# Who may call as whom; the others' certificates say nothing.
ROLES = {"ingest", "operator"}


def openssl(*words):
    subprocess.run(["openssl", *[str(word) for word in words]], check=True, capture_output=True)


def make_secrets(folder, redis_secrets):
    """One folder for each Secret, with its keys, and `keyring`; what deploy/kubernetes/redis-secrets made is copied."""
    shutil.copytree(redis_secrets, folder)
    authority = folder / "authority"
    authority.mkdir()
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-days", 7, "-subj", "/CN=throwaway authority", "-keyout", authority / "ca.key",
            "-out", authority / "ca.crt")
    for name, hosts in NAMES.items():
        own = folder / f"tutti-{name}-tls"
        own.mkdir()
        names = [f"DNS:{host}" for host in hosts]
        names += [f"URI:spiffe://{TRUST_DOMAIN}/{name}"] if name in ROLES else []
        (authority / "extensions").write_text(f"subjectAltName={','.join(names)}\n")
        openssl("req", *new, "-subj", f"/CN={name}", "-keyout", own / "tls.key", "-out", authority / "request")
        openssl("x509", "-req", "-days", 7, "-in", authority / "request", "-CA", authority / "ca.crt",
                "-CAkey", authority / "ca.key", "-CAcreateserial", "-extfile", authority / "extensions",
                "-out", own / "tls.crt")
        shutil.copy(authority / "ca.crt", own)
    token(folder, "none")
    (folder / "tutti-token-keys").mkdir()
    shutil.copy(folder / "tokens/jwks.json", folder / "tutti-token-keys")
    (folder / "keyring").mkdir()
    subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", folder / "keyring/keyring"], check=True,
                   capture_output=True)
    os.chmod(folder, 0o755)
    return folder


def token(folder, organization):
    return subprocess.run([BIN / "tutti-sample", "dev-token", "--keys", folder / "tokens", "--organization", organization,
                           "--scope", "scores.read"], capture_output=True, text=True, check=True).stdout.strip()
