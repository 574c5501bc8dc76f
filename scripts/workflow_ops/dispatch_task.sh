#!/usr/bin/env bash
# Hands one task to an OpenClaw agent as a one-shot cron job, at most once per declaration key:
# it looks first, adds once, and after an unclear add looks again instead of adding again.
#
# Usage:    dispatch_task.sh ROUTE TASK
# Reads:    WF_EFFECT_KEY      declaration key; without it there is no key and no look
#           WF_MESSAGE_FILE    file with the message; without it TASK is the message
#           WF_AGENT | OPENCLAW_AGENT     default personal-assistant
#           OPENCLAW_CHANNEL, OPENCLAW_TARGET    where the agent's answer is announced; without a channel nowhere
#           WF_TIMEOUT_SECONDS, WF_RUN_ID, WF_NODE (a node to parse JSON with), OPENCLAW_BIN
# Prints:   {"ok":true,"jobId":"…","route":"…","runId":"…"}
# Exits:    0 the job is there · 64 usage · 69 gateway not reachable, nothing was dispatched, try again later
#           76 unclear whether it was dispatched · 78 configuration, nothing was dispatched
set -euo pipefail

readonly EXIT_USAGE=64 EXIT_UNREACHABLE=69 EXIT_UNCLEAR=76 EXIT_CONFIG=78
# One argument ends at 128 KiB on Linux; the CLI takes the message as one.
readonly MAX_MESSAGE_BYTES=130000
readonly MAX_KEY_CHARS=200

fail() {
  local code=$1 reason=$2
  printf 'dispatch_task: %s\n' "$reason" >&2
  exit "$code"
}

[ $# -ge 1 ] || fail "$EXIT_USAGE" 'usage: dispatch_task.sh ROUTE TASK'
route=$1
task=${2-}
key=${WF_EFFECT_KEY-}
run_id=${WF_RUN_ID-}
agent=${WF_AGENT:-${OPENCLAW_AGENT:-personal-assistant}}
channel=${OPENCLAW_CHANNEL-}
target=${OPENCLAW_TARGET-}
node=${WF_NODE:-node}
openclaw=${OPENCLAW_BIN:-openclaw}

message=$task
if [ -n "${WF_MESSAGE_FILE-}" ]; then
  [ -r "$WF_MESSAGE_FILE" ] || fail "$EXIT_CONFIG" "cannot read the message file $WF_MESSAGE_FILE"
  message=$(cat -- "$WF_MESSAGE_FILE")
fi
[ -n "$message" ] || fail "$EXIT_USAGE" 'there is no task: usage: dispatch_task.sh ROUTE TASK'
message_bytes=$(printf '%s' "$message" | wc -c)
[ "$message_bytes" -le "$MAX_MESSAGE_BYTES" ] ||
  fail "$EXIT_CONFIG" "the message is $((message_bytes)) bytes; openclaw cron add takes at most $MAX_MESSAGE_BYTES"
[ "${#key}" -le "$MAX_KEY_CHARS" ] ||
  fail "$EXIT_CONFIG" "the declaration key is longer than $MAX_KEY_CHARS characters; shorten the step's id"
command -v -- "$openclaw" >/dev/null 2>&1 ||
  fail "$EXIT_CONFIG" "$openclaw is not on PATH; install OpenClaw, or set OPENCLAW_BIN to its whole path"
command -v -- "$node" >/dev/null 2>&1 ||
  fail "$EXIT_CONFIG" "$node is not on PATH; it is needed to read OpenClaw's answers (or set WF_NODE)"

errors=$(mktemp "${TMPDIR:-/tmp}/dispatch_task.XXXXXX")
trap 'rm -f -- "$errors"' EXIT

# The first 300 characters of what openclaw said, on one line.
reason() {
  local text
  text=$(tr -s '\n\r\t' '   ' <"$errors" | tr -d '\000-\037')
  printf '%s' "${text:0:300}"
}

# True when openclaw refused before doing anything: asking again unchanged cannot help.
is_configuration_error() {
  grep -qiE 'cron job agent is unavailable|openclaw: Node [0-9]|unknown (option|command)|unauthorized|token (mismatch|missing|required)|pairing required|config(uration)? (is )?invalid' "$errors"
}

# Prints the id of the job declared with $key. Returns 0 found, 3 certainly absent, 4 cannot tell.
look() {
  local list
  list=$("$openclaw" cron list --all --json 2>"$errors") || return 4
  printf '%s' "$list" | "$node" -e '
    let text = "";
    process.stdin.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => {
      let answer;
      try { answer = JSON.parse(text); } catch { process.exit(4); }
      const jobs = Array.isArray(answer) ? answer : answer?.jobs;
      if (!Array.isArray(jobs)) process.exit(4);
      const job = jobs.find((one) => one?.declarationKey === process.argv[1]);
      if (job?.id === undefined) process.exit(answer.hasMore === true ? 4 : 3);
      process.stdout.write(String(job.id));
    });' -- "$key"
}

# Prints the job id in the answer of `cron add`: nested with a declaration key, flat without. Fails when there is none.
job_id_in() {
  printf '%s' "$1" | "$node" -e '
    let text = "";
    process.stdin.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => {
      let answer;
      try { answer = JSON.parse(text); } catch { process.exit(1); }
      const id = answer?.job?.id ?? answer?.id;
      if (typeof id !== "string" || id === "") process.exit(1);
      process.stdout.write(id);
    });'
}

succeed() {
  "$node" -e '
    const [jobId, route, runId] = process.argv.slice(1);
    console.log(JSON.stringify({ ok: true, jobId, route, runId }));' -- "$1" "$route" "$run_id"
  exit 0
}

if [ -n "$key" ]; then
  looked=0
  job_id=$(look) || looked=$?
  case $looked in
    0) succeed "$job_id" ;;
    3) ;;
    *)
      is_configuration_error && fail "$EXIT_CONFIG" "openclaw refused: $(reason)"
      fail "$EXIT_UNREACHABLE" "nothing was dispatched, the job list cannot be read: $(reason)"
      ;;
  esac
fi

add=(cron add "--name=workflow ${run_id:-$route}" "--agent=$agent" --session isolated --wake now --at 5s
  "--message=$message" --keep-after-run)
[ -z "$key" ] || add+=("--declaration-key=$key")
[ -z "${WF_TIMEOUT_SECONDS-}" ] || add+=("--timeout-seconds=$WF_TIMEOUT_SECONDS")
if [ -n "$channel" ]; then
  add+=(--announce "--channel=$channel")
  [ -z "$target" ] || add+=("--to=$target")
else
  add+=(--no-deliver)
fi

added=0
answer=$("$openclaw" "${add[@]}" 2>"$errors") || added=$?
if [ "$added" -eq 0 ] && job_id=$(job_id_in "$answer"); then
  succeed "$job_id"
fi
if [ "$added" -ne 0 ] && is_configuration_error; then
  fail "$EXIT_CONFIG" "openclaw refused agent $agent: $(reason)"
fi
add_reason=$(reason)
if [ -n "$key" ]; then
  # The add may have arrived although its answer did not.
  job_id=$(look) && succeed "$job_id"
elif grep -q 'Gateway not reachable' "$errors"; then
  fail "$EXIT_UNREACHABLE" "nothing was dispatched: $add_reason"
fi
fail "$EXIT_UNCLEAR" "unclear whether the job was added (exit $added): ${add_reason:-no readable answer}"
