# Sourced by the panel scripts: one real panel, in one folder, on one loopback port, with its own nginx, php-fpm and,
# where it needs one, MariaDB (on a socket in the folder). Nothing is shared with the system or with another panel.
#
#   bash tests/panels/<panel>.sh FOLDER [PORT]
#
# FOLDER is made, or must be empty. Without PORT a free one is taken. When the panel answers, one line goes to standard
# output: "ready <address>:<port>". It then runs until its standard input ends or it is told to stop by a signal, and
# leaves no process behind, not even when it is killed outright: every server dies with this shell.
# Started by root, everything runs as an unprivileged user.
set -euo pipefail
export LC_ALL=C.UTF-8

# Who may log in, the same on every panel: name, password. Addresses are <name>@example.test.
# alice and bob are for everybody and stay as they are; a test that changes a password takes one of the others.
ACCOUNTS='alice Correct-Horse-9
bob Battery-Staple-7
carol Velvet-Anchor-3
dave Copper-Lantern-4
erin Marble-Compass-5
frank Silver-Thimble-6'
ADMIN=padmin
ADMIN_PASSWORD=Granite-Harbour-8

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

# `begin "$@"`: reads the arguments, gives up root, and sets DIR, PORT, WWW (the document root), LOG and RUN.
begin() {
  [ $# -ge 1 ] || fail "usage: $(basename "$0") FOLDER [PORT]"
  mkdir -p "$1"
  DIR=$(cd "$1" && pwd -P)
  if [ -z "${PANEL_PREPARED:-}" ]; then
    [ -z "$(ls -A "$DIR")" ] || fail "$DIR isn't empty"
    # The scripts come along: the unprivileged user may not be able to read where they are.
    cp "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$0" "$DIR/"
    export PANEL_PREPARED=1
    local again=("$BASH" "$DIR/$(basename "$0")" "$DIR" "${@:2}")
    if [ "$(id -u)" = 0 ]; then
      chown -R www-data:www-data "$DIR"
      exec setpriv --reuid=www-data --regid=www-data --clear-groups --inh-caps=-all --no-new-privs -- "${again[@]}"
    fi
    exec "${again[@]}"
  fi
  umask 077
  PORT=${2:-$(free_port)}
  WWW=$DIR/www LOG=$DIR/log RUN=$DIR/run
  mkdir -p "$WWW" "$LOG" "$RUN" "$DIR/tmp" "$DIR/sessions" "$DIR/mail"
  export TMPDIR=$DIR/tmp HOME=$DIR
  trap 'exit 143' TERM INT HUP
  trap stop_servers EXIT
}

# A free port below those that the system gives to outgoing connections.
free_port() {
  php -n -r 'for ($i = 0; $i < 200; $i++) { $p = random_int(20000, 31999);
    if ($s = @stream_socket_server("tcp://127.0.0.1:$p")) { echo $p; exit(0); } } exit(1);' || fail 'no free port'
}

# `copy_readable FROM TO`: a tree with its links resolved, without what only root or the packaged service may read;
# the panels need none of that.
copy_readable() {
  (cd "$1" && find -L . -type f -readable -print0) 2>/dev/null >"$RUN/copied" || true
  tar -C "$1" --dereference --null --files-from="$RUN/copied" -cf - | tar -C "$2" --no-same-permissions -xf -
  chmod -R u+rwX "$2"
}

SERVERS=()
# `serve NAME COMMAND…`: in the background, with the output in a file; dies with this shell.
serve() {
  local name=$1
  shift
  setpriv --pdeathsig TERM -- "$@" >"$LOG/$name.out" 2>&1 </dev/null &
  SERVERS+=($!)
}

stop_servers() {
  trap - EXIT TERM INT HUP
  local pid
  for pid in ${SERVERS[@]+"${SERVERS[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; done
  wait
}

# `until_true SECONDS COMMAND…`: polls. Gives up early when a server has died.
until_true() {
  local deadline=$((SECONDS + $1)) pid
  shift
  until "$@" 2>/dev/null; do
    for pid in "${SERVERS[@]}"; do
      kill -0 "$pid" 2>/dev/null || { tail -n 20 "$LOG"/* >&2; fail "a server died while waiting for: $*"; }
    done
    [ $SECONDS -lt $deadline ] || { tail -n 20 "$LOG"/* >&2; fail "gave up waiting for: $*"; }
    sleep 0.05
  done
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT"); }

# Says that the panel is ready, then waits for the end of standard input or a signal.
run_until_told() {
  echo "ready 127.0.0.1:$PORT"
  # `cat` in the background and `wait`, so that a signal is acted on at once.
  cat <&0 >/dev/null &
  wait $! || true
}

# ── PHP and nginx ─────────────────────────────────────────────────────────────────────────────────────────────────────

php_fpm_binary() { ls /usr/sbin/php-fpm[0-9]* 2>/dev/null | sort -V | tail -n 1; }

# `web_up [TRY_FILES]`: php-fpm and nginx on $WWW.
web_up() {
  local try=${1:-'$uri $uri/ =404'}
  cat >"$DIR/sendmail" <<'END'
#!/bin/sh
# Keeps what the panel mails: sendmail FOLDER
file=$(mktemp "$1/XXXXXXXX") && cat >"$file"
END
  chmod 700 "$DIR/sendmail"
  cat >"$RUN/fpm.conf" <<END
[global]
error_log = $LOG/fpm.log
[www]
listen = $RUN/fpm.sock
pm = static
pm.max_children = ${PHP_WORKERS:-6}
catch_workers_output = yes
php_admin_value[session.save_path] = $DIR/sessions
php_admin_value[sendmail_path] = $DIR/sendmail $DIR/mail
php_admin_value[upload_tmp_dir] = $DIR/tmp
php_admin_value[sys_temp_dir] = $DIR/tmp
php_admin_value[error_log] = $LOG/php.log
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
php_value[memory_limit] = 256M
php_value[date.timezone] = UTC
END
  # Debian hides the port of the Host header from PHP; with it, redirects lead back to where the request came from.
  grep -v HTTP_HOST /etc/nginx/fastcgi_params >"$RUN/fastcgi_params"
  cat >"$RUN/nginx.conf" <<END
worker_processes 1;
daemon off;
pid $RUN/nginx.pid;
error_log $LOG/nginx.log;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  access_log $LOG/access.log;
  client_max_body_size 50m;
  client_body_temp_path $DIR/tmp/body;
  proxy_temp_path $DIR/tmp/proxy;
  fastcgi_temp_path $DIR/tmp/fastcgi;
  uwsgi_temp_path $DIR/tmp/uwsgi;
  scgi_temp_path $DIR/tmp/scgi;
  server {
    listen 127.0.0.1:$PORT;
    root $WWW;
    index index.php index.html;
    location / { try_files $try; }
    location ~ \.php(/|\$) {
      fastcgi_split_path_info ^(.+?\.php)(/.*)?\$;
      include $RUN/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
      fastcgi_param PATH_INFO \$fastcgi_path_info;
      fastcgi_param HTTP_PROXY "";
      fastcgi_pass unix:$RUN/fpm.sock;
    }
  }
}
END
  local fpm
  fpm=$(php_fpm_binary)
  [ -n "$fpm" ] || fail 'php-fpm is not installed (scripts/install-packages test)'
  serve php "$fpm" --nodaemonize --fpm-config "$RUN/fpm.conf"
  serve nginx nginx -c "$RUN/nginx.conf" -e "$LOG/nginx.log"
  until_true 30 test -S "$RUN/fpm.sock"
  until_true 30 answers
}

# ── MariaDB ───────────────────────────────────────────────────────────────────────────────────────────────────────────

DB_USER=panel
DB_PASSWORD=only-for-tests
sql() { mariadb --no-defaults --socket="$RUN/db.sock" --user=root "$@"; }

# `db_up NAME`: an own MariaDB on a socket, with a database of that name. Nothing in it has to survive a power cut.
db_up() {
  DB_SOCKET=$RUN/db.sock
  mariadb-install-db --no-defaults --datadir="$DIR/db" --auth-root-authentication-method=normal --skip-test-db \
    >"$LOG/db-install.out" 2>&1 || { tail -n 20 "$LOG/db-install.out" >&2; fail 'no database'; }
  serve db mariadbd --no-defaults --datadir="$DIR/db" --socket="$DB_SOCKET" --pid-file="$RUN/db.pid" --skip-networking \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-buffer-pool-size=64M --skip-log-bin \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci --log-bin-trust-function-creators=1 \
    --tmpdir="$DIR/tmp"
  until_true 60 sql -e 'SELECT 1' >/dev/null
  sql -e "CREATE DATABASE $1; CREATE USER '$DB_USER'@'localhost' IDENTIFIED BY '$DB_PASSWORD';
    GRANT ALL ON $1.* TO '$DB_USER'@'localhost'; GRANT SELECT ON mysql.time_zone_name TO '$DB_USER'@'localhost';"
}
