<?php
// Writes what PHP read: one "key=value" a leaf, in hex, with the key as "a[b][c]".
// An array without leaves is not written: nothing was read into it.

function flatten(array $values, string $prefix = ''): string
{
    $out = '';
    foreach ($values as $key => $value) {
        $name = $prefix === '' ? (string) $key : $prefix . '[' . $key . ']';
        $out .= is_array($value) ? flatten($value, $name) : bin2hex($name) . '=' . bin2hex($value) . ' ';
    }
    return $out;
}
