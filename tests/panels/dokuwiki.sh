#!/bin/bash
# DokuWiki as Debian ships it, with its own accounts. See lib.sh for how it's started and stopped.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin "$@"

copy_readable /usr/share/dokuwiki "$WWW"
mkdir -p "$DIR/conf" "$DIR/data"/{attic,cache,index,locks,log,media,media_attic,media_meta,meta,pages,tmp}
for file in /etc/dokuwiki/*; do
  case $file in
    *.auth.php | *.conf.php.example | */local.php) ;;
    *) cp -rL "$file" "$DIR/conf/" ;;
  esac
done
sed -i "s,/etc/dokuwiki/,$DIR/conf/,g" "$WWW/inc/preload.php"

cat >"$DIR/conf/local.php" <<END
<?php
\$conf['title'] = 'Panel';
\$conf['savedir'] = '$DIR/data';
\$conf['useacl'] = 1;
\$conf['authtype'] = 'authplain';
\$conf['superuser'] = '$ADMIN';
\$conf['remote'] = 1;
\$conf['remoteuser'] = '@user';
\$conf['autopasswd'] = 0;
\$conf['mailfrom'] = 'wiki@example.test';
END
# Nothing can be read without a login.
printf '# <?php exit()?>\n*  @ALL  0\n*  @user  8\n' >"$DIR/conf/acl.auth.php"
{
  echo '# <?php exit()?>'
  {
    echo "$ACCOUNTS"
    echo "$ADMIN $ADMIN_PASSWORD"
  } | php -n -r 'while ($l = fgets(STDIN)) { [$u, $p] = explode(" ", trim($l)); $g = $u == $argv[1] ? "admin,user" : "user";
    echo "$u:", password_hash($p, PASSWORD_BCRYPT, ["cost" => 5]), ":", ucfirst($u), ":$u@example.test:$g\n"; }' "$ADMIN"
} >"$DIR/conf/users.auth.php"
# A page that only its readers may see: what the attacks are after.
echo 'The vault holds PANEL-SECRET-4711.' >"$DIR/data/pages/vault.txt"

web_up
run_until_told
