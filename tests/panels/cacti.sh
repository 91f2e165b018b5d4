#!/bin/bash
# Cacti as Debian ships it, under /cacti/, on an own MariaDB. See lib.sh for how it's started and stopped.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin "$@"

mkdir "$WWW/cacti"
copy_readable /usr/share/cacti/site "$WWW/cacti"
mkdir -p "$WWW/cacti/log" "$WWW/cacti/cache" "$WWW/cacti/rra" "$DIR/csrf"
touch "$WWW/cacti/log/cacti.log"
db_up cacti
sed -e "s/_DBC_DBNAME_/cacti/; s,_DBC_DBSERVER_,$DB_SOCKET,; s/_DBC_DBUSER_/$DB_USER/; s/_DBC_DBPASS_/$DB_PASSWORD/" \
  -e "s/_DBC_DBPORT_/3306/; s,/var/lib/cacti/csrf/,$DIR/csrf/," \
  /usr/share/cacti/conf_templates/debian.php.dist >"$WWW/cacti/include/config.php"
# Every table comes with MyISAM or InnoDB as Cacti wants it.
sql cacti </usr/share/cacti/conf_templates/cacti.sql
{
  # The installer counts as done.
  echo "UPDATE version SET cacti = '$(tr -d '\n' </usr/share/cacti/site/include/cacti_version)';"
  echo "REPLACE INTO settings (name, value) VALUES ('auth_method', '1'), ('auth_cache_enabled', 'on'), ('guest_user', '0');"
  {
    echo "$ADMIN $ADMIN_PASSWORD"
    echo "$ACCOUNTS"
  } | php -n -r '$first = true;
    while ($l = fgets(STDIN)) { [$u, $p] = explode(" ", trim($l)); $h = password_hash($p, PASSWORD_BCRYPT, ["cost" => 10]);
      if ($first) { $first = false; echo "UPDATE user_auth SET username = \"$u\", password = \"$h\", must_change_password = \"\",
        email_address = \"$u@example.test\" WHERE username = \"admin\";\n"; continue; }
      echo "INSERT INTO user_auth (username, password, realm, full_name, email_address, must_change_password, password_change,
          show_tree, show_list, show_preview, graph_settings, login_opts, policy_graphs, policy_trees, policy_hosts,
          policy_graph_templates, enabled)
        VALUES (\"$u\", \"$h\", 0, \"", ucfirst($u), "\", \"$u@example.test\", \"\", \"on\", \"on\", \"on\", \"on\", \"on\", 1, 1, 1, 1, 1, \"on\");
        INSERT INTO user_auth_realm (realm_id, user_id) VALUES (7, LAST_INSERT_ID()), (8, LAST_INSERT_ID()),
          (20, LAST_INSERT_ID()), (25, LAST_INSERT_ID());\n"; }'
} | sql cacti

web_up
run_until_told
