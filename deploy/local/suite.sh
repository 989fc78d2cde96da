# Starts and stops one throwaway suite on this machine: a redis-server of its own
# (Unix socket, ACL users, append-only file) and the three services, everything
# under one state directory. To be sourced by bash; the quickstart, the end-to-end
# tests and the benchmark use it.
#
#   suite_start STATE_DIR BIN_DIR     sets SUITE_INGEST, SUITE_AGGREGATE, SUITE_SCORE
#   suite_start_front                 starts a front (deploy/edge) before a suite that speaks TLS, and sets
#                                     SUITE_FRONT_INGEST, SUITE_FRONT_ORGANIZATIONS, SUITE_FRONT_SCORE
#   suite_stop                        stops all that was started
#
# A keyring that is already in STATE_DIR is used. SUITE_AGGREGATE_FLAGS, SUITE_INGEST_FLAGS and SUITE_SCORE_FLAGS add flags,
# SUITE_REDIS_USERS adds lines to the ACL file, SUITE_CATALOG names another catalogue than the one that is shipped.
# SUITE_TLS=1 makes a throwaway authority in STATE_DIR/tls and has everybody speak TLS; TUTTI_CA, TUTTI_CERT and
# TUTTI_KEY are then those of an operator, and tokens that `tutti-sample dev-token --keys STATE_DIR/tokens` signs are taken.

SUITE_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SUITE_PIDS=()

suite_fail() {
  echo "$1" >&2
  return 1
}

# Waits until a condition holds, as long as the process lives, 30 s at most.
suite_wait() {
  local pid=$1 what=$2 tries=300
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || suite_fail "$what stopped while starting; its log is in $SUITE_STATE/log" || return 1
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || suite_fail "$what did not start within 30 s; its log is in $SUITE_STATE/log" || return 1
    sleep 0.1
  done
}

suite_redis_cli() {
  local user=$1
  shift
  REDISCLI_AUTH=$(cat "$SUITE_STATE/secrets/$user") redis-cli -s "$SUITE_STATE/redis/redis.sock" --user "$user" --no-auth-warning "$@"
}

suite_start_redis() {
  mkdir -p "$SUITE_STATE/redis" "$SUITE_STATE/secrets" "$SUITE_STATE/log"
  chmod 700 "$SUITE_STATE" "$SUITE_STATE/redis" "$SUITE_STATE/secrets"
  local user template
  template=$(cat "$SUITE_SOURCE/deploy/redis/users.acl")
  for user in aggregate score; do
    [ -s "$SUITE_STATE/secrets/$user" ] || (umask 077 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$SUITE_STATE/secrets/$user")
    template=${template//@${user^^}_PASSWORD_SHA256@/$(printf '%s' "$(cat "$SUITE_STATE/secrets/$user")" | sha256sum | cut -d' ' -f1)}
  done
  (umask 077 && printf '%s\n' "$template" ${SUITE_REDIS_USERS:+"$SUITE_REDIS_USERS"} >"$SUITE_STATE/redis/users.acl")
  redis-server "$SUITE_SOURCE/deploy/redis/redis.conf" \
    --dir "$SUITE_STATE/redis" --unixsocket "$SUITE_STATE/redis/redis.sock" \
    --aclfile "$SUITE_STATE/redis/users.acl" --daemonize no >"$SUITE_STATE/log/redis" 2>&1 &
  SUITE_PIDS+=($!)
  SUITE_REDIS_PID=$!
  suite_wait "$SUITE_REDIS_PID" redis-server suite_redis_cli aggregate PING
}

# suite_certificate NAME ROLE: signs a certificate for a process on this machine that
# may do what ROLE may, in STATE_DIR/tls/NAME.
suite_certificate() {
  local folder=$SUITE_STATE/tls/$1
  mkdir -p "$folder"
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://tutti.local/%s\n' "$2" >"$folder/extensions"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "$folder/key.pem" -out "$folder/request.pem" &&
    openssl x509 -req -days 7 -in "$folder/request.pem" -CA "$SUITE_STATE/tls/ca.pem" -CAkey "$SUITE_STATE/tls/ca.key" \
      -CAcreateserial -extfile "$folder/extensions" -out "$folder/cert.pem"
}

suite_make_authority() {
  mkdir -p "$SUITE_STATE/tls" "$SUITE_STATE/log"
  chmod 700 "$SUITE_STATE/tls"
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj "/CN=throwaway authority" \
      -keyout "$SUITE_STATE/tls/ca.key" -out "$SUITE_STATE/tls/ca.pem" &&
      suite_certificate ingest ingest && suite_certificate aggregate aggregate &&
      suite_certificate score score && suite_certificate operator operator
  } >"$SUITE_STATE/log/tls" 2>&1 || suite_fail "certificates could not be made; see $SUITE_STATE/log/tls" || return 1
  "$SUITE_BIN/tutti-sample" dev-token --keys "$SUITE_STATE/tokens" --organization none --scope scores.read >/dev/null || return 1
  chmod 700 "$SUITE_STATE/tokens"
  export TUTTI_CA=$SUITE_STATE/tls/ca.pem TUTTI_CERT=$SUITE_STATE/tls/operator/cert.pem TUTTI_KEY=$SUITE_STATE/tls/operator/key.pem
}

# suite_start_service NAME FLAGS...: on a free port of the loopback, whose address
# goes to STATE_DIR/NAME.address.
suite_start_service() {
  local name=$1 security=(--insecure_loopback)
  shift
  if [ "${SUITE_TLS:-0}" = 1 ]; then
    security=(--tls_certificate="$SUITE_STATE/tls/$name/cert.pem" --tls_key="$SUITE_STATE/tls/$name/key.pem"
      --tls_authorities="$SUITE_STATE/tls/ca.pem" --trust_domain=tutti.local
      --token_keys="$SUITE_STATE/tokens/jwks.json" --token_issuer=tutti-dev --token_audience=tutti
      --audit_log="$SUITE_STATE/log/$name.audit")
  fi
  rm -f "$SUITE_STATE/$name.address"
  "$SUITE_BIN/tutti-$name" --listen=127.0.0.1:0 "${security[@]}" --port_file="$SUITE_STATE/$name.address" \
    --catalog="${SUITE_CATALOG:-$SUITE_SOURCE/deploy/catalog/adoption.textproto}" "$@" 2>"$SUITE_STATE/log/$name" &
  SUITE_PIDS+=($!)
  suite_wait $! "tutti-$name" test -s "$SUITE_STATE/$name.address"
}

suite_start() {
  SUITE_STATE=$1
  SUITE_BIN=$2
  suite_start_redis || return 1
  if [ "${SUITE_TLS:-0}" = 1 ]; then suite_make_authority || return 1; fi
  [ -e "$SUITE_STATE/keyring" ] || "$SUITE_BIN/tutti" keyring init --keyring "$SUITE_STATE/keyring" >/dev/null || return 1
  # shellcheck disable=SC2086
  suite_start_service aggregate --redis_socket="$SUITE_STATE/redis/redis.sock" \
    --redis_password_file="$SUITE_STATE/secrets/aggregate" --journal="$SUITE_STATE/journal" ${SUITE_AGGREGATE_FLAGS:-} || return 1
  SUITE_AGGREGATE=$(cat "$SUITE_STATE/aggregate.address")
  # Whatever swap somebody's laptop has: the keys are of made-up people, or of a test's.
  # shellcheck disable=SC2086
  suite_start_service ingest --aggregate="$SUITE_AGGREGATE" --keyring="$SUITE_STATE/keyring" --rotate_keyring \
    --allow_swap ${SUITE_INGEST_FLAGS:-} || return 1
  SUITE_INGEST=$(cat "$SUITE_STATE/ingest.address")
  # shellcheck disable=SC2086
  suite_start_service score --redis_socket="$SUITE_STATE/redis/redis.sock" \
    --redis_password_file="$SUITE_STATE/secrets/score" ${SUITE_SCORE_FLAGS:-} || return 1
  SUITE_SCORE=$(cat "$SUITE_STATE/score.address")
  export TUTTI_INGEST=$SUITE_INGEST TUTTI_AGGREGATE=$SUITE_AGGREGATE TUTTI_SCORE=$SUITE_SCORE
}

# A port of the loopback that nobody listens on at this moment.
suite_free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

suite_start_front() {
  local run=$SUITE_STATE/front tries=5 words=() word config pid nginx
  nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || suite_fail "nginx is missing: deploy/install-packages front" || return 1
  mkdir -p "$run"
  suite_certificate front front >>"$SUITE_STATE/log/tls" 2>&1 || return 1
  while ((tries-- > 0)); do
    SUITE_FRONT_INGEST=127.0.0.1:$(suite_free_port)
    SUITE_FRONT_ORGANIZATIONS=127.0.0.1:$(suite_free_port)
    SUITE_FRONT_SCORE=127.0.0.1:$(suite_free_port)
    words=(RUN="$run" CERTIFICATE="$SUITE_STATE/tls/front/cert.pem" KEY="$SUITE_STATE/tls/front/key.pem"
      AUTHORITIES="$SUITE_STATE/tls/ca.pem" SERVICE_NAME=localhost
      INGEST="$SUITE_INGEST" AGGREGATE="$SUITE_AGGREGATE" SCORE="$SUITE_SCORE" LISTEN_INGEST="$SUITE_FRONT_INGEST"
      LISTEN_ORGANIZATIONS="$SUITE_FRONT_ORGANIZATIONS" LISTEN_SCORE="$SUITE_FRONT_SCORE")
    config=$(cat "$SUITE_SOURCE/deploy/edge/nginx.conf")
    for word in "${words[@]}"; do config=${config//@${word%%=*}@/"${word#*=}"}; done
    printf '%s\n' "$config" >"$run/nginx.conf"
    # Root's nginx would change to a user who may not enter the state's folder. The allocator is
    # that of tutti-edge.service.
    LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=narenas:1,tcache:false,dirty_decay_ms:0,muzzy_decay_ms:0 \
      "$nginx" -e stderr -c "$run/nginx.conf" -g "daemon off;$([ "$(id -u)" -ne 0 ] || echo ' user root;')" \
      2>"$SUITE_STATE/log/front" &
    pid=$!
    SUITE_PIDS+=("$pid")
    if suite_wait "$pid" nginx test -s "$run/nginx.pid" 2>/dev/null; then return 0; fi
    # Somebody else has taken a port since.
    kill "$pid" 2>/dev/null || true
    unset 'SUITE_PIDS[-1]'
  done
  suite_fail "nginx did not start; its log is $SUITE_STATE/log/front"
}

# Last started, first stopped: no service meets a store that is gone.
suite_stop() {
  local i
  for ((i = ${#SUITE_PIDS[@]} - 1; i >= 0; i--)); do
    kill -TERM "${SUITE_PIDS[i]}" 2>/dev/null || true
    wait "${SUITE_PIDS[i]}" 2>/dev/null || true
  done
  SUITE_PIDS=()
}
