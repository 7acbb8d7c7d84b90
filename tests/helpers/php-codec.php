<?php
// Lines of "<operation> <base64>" in, lines of base64 (or "false") out: what real PHP makes of them.
enum Suit { case Hearts; case Spades; }

class Memory implements SessionHandlerInterface
{
    public static string $data = '';
    public function open(string $path, string $name): bool { return true; }
    public function close(): bool { return true; }
    public function read(string $id): string { return self::$data; }
    public function write(string $id, string $data): bool { return true; }
    public function destroy(string $id): bool { return true; }
    public function gc(int $max): int { return 0; }
}

session_set_save_handler(new Memory());

/** What PHP writes for a session it has read. */
function recode(string $format, string $data): string|false
{
    ini_set('session.serialize_handler', $format);
    Memory::$data = $data;
    session_id('abc');
    if (!@session_start(['use_cookies' => 0, 'cache_limiter' => ''])) return false;
    $result = session_encode();
    session_abort();
    return $result;
}

// Nothing is written before the end: PHP starts no session once headers could have been sent.
$results = [];
while (($line = fgets(STDIN)) !== false) {
    [$operation, $text] = explode(' ', rtrim($line, "\n"));
    $bytes = base64_decode($text);
    $result = match ($operation) {
        'value' => serialize(unserialize($bytes)),
        'keys' => json_encode(array_map(base64_encode(...), array_map(strval(...), array_keys(unserialize($bytes))))),
        default => recode($operation, $bytes),
    };
    $results[] = $result === false ? 'false' : base64_encode($result);
}
echo implode("\n", $results), "\n";
