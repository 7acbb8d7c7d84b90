<?php
// Answers parse_ini_string() of each line, which is base64: an object, or false.
error_reporting(0);
while (($line = fgets(STDIN)) !== false) {
    $settings = parse_ini_string(base64_decode(trim($line)));
    if (is_array($settings)) {
        $settings = (object) array_filter($settings, 'is_string');
    }
    echo json_encode($settings, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}
