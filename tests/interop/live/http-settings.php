<?php
// Starts a session by the settings of the request's header X-Ini and answers what a page would be.
$_SERVER; // PHP looks at the Referer only where the script mentions this.
if (function_exists('opcache_reset')) opcache_reset();
header_remove('X-Powered-By');
foreach (json_decode(base64_decode($_SERVER['HTTP_X_INI']), true) as $name => $value) {
    ini_set($name, (string) $value);
}
ini_set('session.gc_probability', '0');
$script = explode(',', $_SERVER['HTTP_X_SCRIPT'] ?? '');
$before = time();
session_start();
if (in_array('regenerate', $script)) {
    session_regenerate_id();
}
header('X-Time: ' . $before . ' ' . time());
header('X-Mtime: ' . filemtime(__FILE__));
header('X-Id: ' . session_id());
header('X-Sid: ' . constant('SID'));
session_write_close();
echo base64_decode($_SERVER['HTTP_X_PAGE'] ?? '');
