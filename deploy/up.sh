#!/bin/sh
# Ask for what the bot needs, keep it in .env (which only you can read), and start it with Compose:
#
#   sh deploy/up.sh
#
# What .env has already is not asked again. Without a key for RunPod the services run here, too.
set -eu
cd "$(dirname "$0")/.."
umask 077

docker compose version >/dev/null 2>&1 || {
  echo "Docker with Compose is needed, and you have to be allowed to use it: docker compose version" >&2
  exit 1
}
[ -e .env ] || : >.env
chmod 600 .env

value() { sed -n "s/^$1=//p" .env | tail -n 1; }

keep() {
  # In the place of an empty line of that name, if there is one.
  { grep -v "^$1=$" .env || true; printf '%s=%s\n' "$1" "$2"; } >.env.new
  mv .env.new .env
}

ask() {  # NAME, question, and what may be: needed or optional
  [ -z "$(value "$1")" ] || return 0
  printf '%s\n%s: ' "$2" "$1" >&2
  if [ -t 0 ]; then stty -echo; trap 'stty echo' EXIT INT TERM; fi
  answer=
  read -r answer || true
  if [ -t 0 ]; then stty echo; trap - EXIT INT TERM; fi
  echo >&2
  case $answer in
    *[!A-Za-z0-9._-]*) echo "$1 has only letters, digits, dots, hyphens and underscores." >&2; exit 2 ;;
  esac
  if [ -n "$answer" ]; then keep "$1" "$answer"; return 0; fi
  [ "$3" = optional ] || { echo "$1 is needed. Put it into .env, or run this again." >&2; exit 2; }
}

make_up() {  # NAME: a secret that nobody has to know
  [ -n "$(value "$1")" ] || keep "$1" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
}

ask DISCORD_TOKEN "The bot's token: https://discord.com/developers/applications > New Application > Bot >
Reset Token. On the same page switch on 'Message Content Intent', and save." needed
ask RUNPOD_API_KEY "Your key for RunPod; leave it empty to run the models on this machine." optional
[ -z "${POSTGRES_PASSWORD:-}" ] || [ -n "$(value POSTGRES_PASSWORD)" ] || keep POSTGRES_PASSWORD "$POSTGRES_PASSWORD"
make_up POSTGRES_PASSWORD
set -- --env-file .env --file deploy/compose.yaml
if [ -n "$(value RUNPOD_API_KEY)" ]; then
  ask GRACE_ENDPOINT_ID "The id of Grace's endpoint; empty: none." optional
  ask FACTORY_ENDPOINT_ID "The id of the Factory's endpoint; empty: none." optional
else
  make_up SKYDECK_SERVE_KEY
  set -- "$@" --file deploy/compose.local.yaml
  echo "The first start fetches 1.4 to 1.9 GB of models, and waits for them." >&2
fi

docker compose "$@" up --build --detach
echo "It runs. Its log, with the link that invites it to your server: docker compose $* logs bot" >&2
