<?php
// php-generate.php <value|session> <count> <seed>: what PHP writes for values that it makes itself,
// a line of base64 each. The format of sessions is session.serialize_handler.
require __DIR__ . '/php-classes.php';

/** What the places of one value share. */
class Pool
{
    public array $cells = [];
    public array $objects = [];

    public function fill(): void
    {
        $this->cells = [null, null, null];
        $this->objects = [new stdClass()];
        foreach (array_keys($this->cells) as $index) $this->cells[$index] = value($this, 1);
    }
}

function chance(int $percent): bool { return mt_rand(1, 100) <= $percent; }
function pick(array $list): mixed { return $list[mt_rand(0, count($list) - 1)]; }

function bytes(int $max): string
{
    $text = '';
    for ($left = mt_rand(0, $max); $left > 0; $left--) $text .= chr(mt_rand(0, 255));
    return $text;
}

function word(): string
{
    static $words = [
        '', 'a', 'user', '0', '7', '-5', '-0', '01', '1.5', ' 1', '9223372036854775807',
        '9223372036854775808', '-9223372036854775808', '__proto__', 'constructor', 'é', '日本', '😀',
        "a\0b", '";}', 'a|i:1;', '!x', '{', "\n", 'i:1;', "\xff", "\xe2\x82", 'a"b', 'a;b',
    ];
    $roll = mt_rand(0, 9);
    if ($roll < 6) return pick($words);
    if ($roll < 8) return 'k' . mt_rand(0, 99);
    if ($roll < 9) return bytes(12);
    return str_repeat(pick(['x', 'é', '€', '😀', "\xfe"]), mt_rand(20, 260));
}

function integer(): int
{
    static $edges = [0, -1, 2 ** 31, -(2 ** 31), 2 ** 53, 2 ** 53 - 1, -(2 ** 53), PHP_INT_MAX, PHP_INT_MIN];
    $roll = mt_rand(0, 9);
    if ($roll < 5) return mt_rand(-20, 20);
    if ($roll < 7) return mt_rand(-1_000_000, 1_000_000_000);
    return $roll < 8 ? pick($edges) : unpack('q', random64())[1];
}

function random64(): string
{
    return pack('VV', mt_rand(0, 0x7fffffff) << 1 | mt_rand(0, 1), mt_rand(0, 0x7fffffff) << 1 | mt_rand(0, 1));
}

function number(): float
{
    static $edges = [
        0.0, -0.0, INF, -INF, NAN, 0.1, 1 / 3, 5.0, -3.0, 1e15, 1e17, 1e22, 1e25, 0.0001, 0.00001,
        5e-324, 1.7976931348623157e308, 12345678901.0078125, 9007199254740993.0, 2.5, 1e100,
    ];
    $roll = mt_rand(0, 9);
    if ($roll < 3) return pick($edges);
    if ($roll < 5) return mt_rand(-1_000_000, 1_000_000) / 100;
    if ($roll < 6) return (float) mt_rand(-1000, 1000);
    if ($roll < 7) return mt_rand() / 2 ** mt_rand(0, 80);
    return unpack('d', random64())[1];
}

function scalar(): mixed
{
    return match (mt_rand(0, 7)) {
        0 => pick([null, true, false]),
        1, 2 => integer(),
        3, 4 => number(),
        default => word(),
    };
}

function arrayKey(): int|string { return chance(40) ? integer() : word(); }

/** @return array A list or any other array; some of its places are references. */
function entries(Pool $pool, int $depth): array
{
    $array = [];
    $isList = chance(40);
    for ($left = mt_rand(0, 5); $left > 0; $left--) {
        $key = $isList ? count($array) : arrayKey();
        unset($array[$key]);
        if ($pool->cells !== [] && chance(14)) $array[$key] = &$pool->cells[mt_rand(0, 2)];
        else $array[$key] = value($pool, $depth - 1);
    }
    return $array;
}

/** An object of one of the classes; some stand in other places, too. */
function instance(Pool $pool, int $depth): object
{
    if ($pool->objects !== [] && chance(40)) return pick($pool->objects);
    $made = fresh($pool, $depth - 1);
    if (chance(50)) $pool->objects[] = $made;
    return $made;
}

function fresh(Pool $pool, int $depth): object
{
    switch (mt_rand(0, 15)) {
        case 0: return pick(Suit::cases());
        case 1: return pick(Status::cases());
        case 2: return Vis::with(value($pool, $depth), value($pool, $depth), value($pool, $depth));
        case 3: return VisChild::with(value($pool, $depth), integer(), value($pool, $depth));
        case 4: return new Üñï();
        case 5: return new Frozen(value($pool, $depth));
        case 6: return new WithSleep();
        case 7: return new Magic(entries($pool, $depth));
        // Never just a serialized value: whether PHP counts slots in there is only in the class.
        case 8: return new Old('=' . word());
        case 9: return new Nested(value($pool, $depth));
        case 10: return unserialize('O:7:"Missing":2:{s:1:"a";i:1;s:4:"' . "\0*\0" . 'b";d:0.5;}');
        case 11: return new DateTimeImmutable('@' . mt_rand());
        case 12: return new ArrayObject(entries($pool, $depth));
        case 13: return SplFixedArray::fromArray([scalar(), scalar()]);
        default: return plain($pool, $depth);
    }
}

/** A stdClass, which may hold itself and references. */
function plain(Pool $pool, int $depth): stdClass
{
    $made = (object) entries($pool, $depth);
    if (chance(10)) $made->self = $made;
    if (chance(5)) $made->again = &$made->self;
    return $made;
}

function value(Pool $pool, int $depth): mixed
{
    $roll = $depth > 0 ? mt_rand(0, 99) : 0;
    if ($roll < 50) return scalar();
    return $roll < 75 ? entries($pool, $depth) : instance($pool, $depth);
}

function root(Pool $pool): mixed
{
    if (chance(10)) return scalar();
    return chance(50) ? entries($pool, 4) : instance($pool, 4);
}

function name(string $format): int|string
{
    if ($format === 'php_serialize') return arrayKey();
    do $name = word();
    while (str_contains($name, '|') || is_int(array_key_first([$name => 1])) || strlen($name) > 127);
    return $name;
}

function session(Pool $pool, string $format): array
{
    $session = [];
    for ($left = mt_rand(1, 5); $left > 0; $left--) {
        $name = name($format);
        unset($session[$name]);
        if (chance(20)) $session[$name] = &$pool->cells[mt_rand(0, 2)];
        else $session[$name] = value($pool, 3);
    }
    return $session;
}

[, $kind, $count, $seed] = $argv;
mt_srand((int) $seed);
$format = ini_get('session.serialize_handler');
// Nothing is written before the end: PHP starts no session once headers could have been sent.
if ($kind === 'session') session_start(['use_cookies' => 0, 'cache_limiter' => '', 'save_path' => sys_get_temp_dir()]);
$lines = [];
while (count($lines) < $count) {
    $pool = new Pool();
    $pool->fill();
    if ($kind === 'value') $text = serialize(root($pool));
    else {
        $_SESSION = session($pool, $format);
        $text = session_encode();
    }
    $lines[] = base64_encode($text);
}
if ($kind === 'session') session_destroy();
echo implode("\n", $lines), "\n";
