<?php
// Lines in, lines of JSON out. "write <seconds> <microseconds> <zone>": what PHP writes for that
// instant, and which one it reads from it. "read <base64>": the instant PHP reads, or null.
// "abbreviations": the offset of each that PHP knows.
error_reporting(0);

function instant(string $bytes): ?array
{
    try {
        $date = unserialize($bytes);
        return [$date->getTimestamp(), (int) $date->format('v')];
    } catch (Throwable) {
        return null;
    }
}

function write(int $seconds, int $microseconds, string $zone): array
{
    $date = (new DateTimeImmutable("@$seconds"))->modify("+$microseconds usec");
    // An abbreviation is a zone of a text only; DateTimeZone takes it too, and keeps it as it is.
    $bytes = serialize($date->setTimezone(new DateTimeZone($zone)));
    return [base64_encode($bytes), instant($bytes)];
}

while (($line = fgets(STDIN)) !== false) {
    [$operation, $first, $second, $third] = explode(' ', rtrim($line, "\n")) + ['', '', '', ''];
    $result = match ($operation) {
        'write' => write((int) $first, (int) $second, $third),
        'read' => instant(base64_decode($first)),
        'abbreviations' => array_map(fn ($zones) => $zones[0]['offset'], timezone_abbreviations_list()),
    };
    echo json_encode($result), "\n";
}
