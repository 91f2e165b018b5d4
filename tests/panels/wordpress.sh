#!/bin/bash
# WordPress as Debian ships it, on an own MariaDB. See lib.sh for how it's started and stopped.
#
# Its address isn't fixed: it answers as whatever host it's asked for, as behind a gate whose port isn't known yet.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin "$@"

copy_readable /usr/share/wordpress "$WWW"
rm -f "$WWW/wp-config.php"
db_up wordpress
cat >"$WWW/wp-config.php" <<END
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', '$DB_USER');
define('DB_PASSWORD', '$DB_PASSWORD');
define('DB_HOST', 'localhost:$DB_SOCKET');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as \$k) {
    define("{\$k}_KEY", "\$k key, only for tests");
    define("{\$k}_SALT", "\$k salt, only for tests");
}
\$table_prefix = 'wp_';
\$host = \$_SERVER['HTTP_HOST'] ?? '127.0.0.1:$PORT';
define('WP_HOME', "http://\$host");
define('WP_SITEURL', "http://\$host");
define('WP_DEBUG', false);
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_ENVIRONMENT_TYPE', 'local'); // application passwords, over plain HTTP too
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
END
cat >"$DIR/install.php" <<'END'
<?php
define('WP_INSTALLING', true);
[, $www, $admin, $password] = $argv;
$_SERVER['REQUEST_URI'] = '/';
require "$www/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', fn() => true);
wp_install('Panel', $admin, "$admin@example.test", true, '', $password);
while ($line = fgets(STDIN)) {
    [$user, $password] = explode(' ', trim($line));
    $id = wp_create_user($user, $password, "$user@example.test");
    (new WP_User($id))->set_role('editor');
}
// What only somebody inside can see: what the attacks are after.
wp_insert_post(['post_title' => 'Vault', 'post_content' => 'The vault holds PANEL-SECRET-4711.', 'post_status' => 'private',
    'post_name' => 'vault', 'post_author' => 1]);
END
echo "$ACCOUNTS" | php "$DIR/install.php" "$WWW" "$ADMIN" "$ADMIN_PASSWORD" >"$LOG/install.out" 2>&1 ||
  { tail -n 20 "$LOG/install.out" >&2; fail 'WordPress could not be set up'; }

web_up '$uri $uri/ /index.php?$args'
run_until_told
