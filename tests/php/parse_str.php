<?php
// Each line of the input is a query or form body in hex; each line of the output is what parse_str
// makes of it.

require __DIR__ . '/flatten.php';

error_reporting(0);
while (($line = fgets(STDIN)) !== false) {
    parse_str(hex2bin(trim($line)), $read);
    echo flatten($read), "\n";
}
