<?php
// Answers for each line, which is base64, what it means as the value of settings of sessions.
error_reporting(0);
ob_start(); // Settings of sessions are closed once something was put out.
while (($line = fgets(STDIN)) !== false) {
    $value = base64_decode(trim($line));
    $defaults = ['cache_expire' => '180', 'sid_length' => '32', 'cookie_lifetime' => '7', 'cookie_secure' => '0', 'name' => 'N'];
    foreach ($defaults as $name => $default) ini_set("session.$name", $default);
    $taken = [];
    foreach ($defaults as $name => $default) $taken[$name] = ini_set("session.$name", $value) !== false;
    $cookie = session_get_cookie_params();
    echo json_encode([
        'quantity' => session_cache_expire(),
        'lifetime' => $taken['cookie_lifetime'] ? $cookie['lifetime'] : null,
        'length' => $taken['sid_length'] ? strlen(session_create_id()) : null,
        'name' => $taken['name'],
        'flag' => $cookie['secure'],
    ]), "\n";
}
