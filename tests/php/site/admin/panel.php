<?php
// Answers with the script that PHP ran, and what it read from the target.

require $_SERVER['DOCUMENT_ROOT'] . '/../flatten.php';

error_reporting(0);
echo 'RAN ', substr(__FILE__, strlen($_SERVER['DOCUMENT_ROOT'])), "\n";
echo 'PATH ', bin2hex($_SERVER['SCRIPT_NAME'] . ($_SERVER['PATH_INFO'] ?? '')), "\n";
echo 'GET ', flatten($_GET), "\n";
