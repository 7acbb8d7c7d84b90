<?php
// Lines of "<operation> [<argument>] <base64>" in, lines of base64 (or "false") out: what real PHP
// makes of the bytes. Arguments are JSON in base64.
require __DIR__ . '/php-classes.php';

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

/** What $use makes of a session that PHP has read. */
function withSession(string $format, string $data, callable $use): string|false
{
    ini_set('session.serialize_handler', $format);
    Memory::$data = $data;
    session_id('abc');
    if (!@session_start(['use_cookies' => 0, 'cache_limiter' => ''])) return false;
    $result = $use();
    session_abort();
    return $result;
}

/** Every variable by itself: its name and what PHP writes for its value. */
function variables(): string
{
    $variables = [];
    // Not by $_SESSION[$name]: PHP's own formats make variables whose name no code can say.
    foreach ($_SESSION as $name => $value) $variables[] = [base64_encode($name), base64_encode(serialize($value))];
    return json_encode($variables);
}

function names(string $bytes): string
{
    return json_encode(array_map(fn ($name) => base64_encode((string) $name), array_keys(unserialize($bytes))));
}

/** Whether PHP reads it, where it stops and what it says then, and the classes of what it made. */
function verdict(array $options, string $bytes): string
{
    $messages = [];
    set_error_handler(function (int $level, string $text) use (&$messages) { return (bool) $messages[] = $text; });
    try {
        $value = unserialize($bytes, $options);
    } catch (Throwable $error) {
        $messages[] = get_class($error);
        $value = false;
    }
    restore_error_handler();
    $made = [];
    collect($value, $made, new SplObjectStorage());
    $made = array_keys($made);
    sort($made);
    return json_encode([$value !== false || str_starts_with($bytes, 'b:0;'), $messages, $made], JSON_INVALID_UTF8_SUBSTITUTE);
}

/** Classes of the objects within a value; those that are incomplete have none. */
function collect(mixed $value, array &$made, SplObjectStorage $seen, int $depth = 0): void
{
    // Arrays may contain themselves; objects are looked at once.
    if ($depth > 20 || !is_array($value) && !is_object($value)) return;
    if (is_object($value)) {
        if ($seen->contains($value)) return;
        $seen->attach($value);
        if (!$value instanceof __PHP_Incomplete_Class) $made[get_class($value)] = true;
        if ($value instanceof UnitEnum) return;
    }
    foreach ((array) $value as $part) collect($part, $made, $seen, $depth + 1);
}

/** The text of floats, 8 bytes each, at serialize_precision. */
function texts(int $precision, string $bytes): string
{
    ini_set('serialize_precision', (string) $precision);
    return implode("\n", array_map(serialize(...), array_values(unpack('E*', $bytes))));
}

// Nothing is written before the end: PHP starts no session once headers could have been sent.
$results = [];
while (($line = fgets(STDIN)) !== false) {
    $parts = explode(' ', rtrim($line, "\n"));
    $bytes = base64_decode(array_pop($parts));
    $argument = isset($parts[1]) ? json_decode(base64_decode($parts[1]), true) : null;
    $result = match ($parts[0]) {
        'value' => serialize(unserialize($bytes)),
        'names' => names($bytes),
        'variables' => withSession($argument, $bytes, variables(...)),
        'session' => withSession($argument, $bytes, session_encode(...)),
        'verdict' => verdict($argument, $bytes),
        'floats' => texts($argument, $bytes),
    };
    $results[] = $result === false ? 'false' : base64_encode($result);
}
echo implode("\n", $results), "\n";
