<?php
// Answers with what PHP read from the form.

require dirname(__DIR__) . '/flatten.php';

error_reporting(0);
echo 'POST ', flatten($_POST), "\n";
