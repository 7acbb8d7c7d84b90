<?php
// Answers parse_url() of each line, which is base64, with its strings in base64.
while (($line = fgets(STDIN)) !== false) {
    $parts = parse_url(base64_decode(trim($line)));
    if (is_array($parts)) {
        ksort($parts);
        $parts = (object) array_map(fn($part) => is_string($part) ? base64_encode($part) : $part, $parts);
    }
    echo json_encode($parts, JSON_UNESCAPED_SLASHES), "\n";
}
