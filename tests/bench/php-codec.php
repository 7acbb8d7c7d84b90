<?php
// How long serialize() and unserialize() take. Argument: a folder with <n>.json and <n>.php, one value each.
// Lines of "<write|read> <n> <milliseconds>" in, nanoseconds of the processor an operation out.

function used(): float
{
    $usage = getrusage();
    $microseconds = 0;
    foreach (['utime', 'stime'] as $kind) {
        $microseconds += $usage["ru_$kind.tv_sec"] * 1e6 + $usage["ru_$kind.tv_usec"];
    }
    return $microseconds * 1e3;
}

function timed(callable $run, float $milliseconds): float
{
    $started = hrtime(true);
    $run(1);
    $batch = max(1, intdiv(1_000_000, max(1, hrtime(true) - $started)));
    $count = 0;
    $used = used();
    $started = hrtime(true);
    do {
        $run($batch);
        $count += $batch;
    } while (hrtime(true) - $started < $milliseconds * 1e6);
    return (used() - $used) / $count;
}

while (($line = fgets(STDIN)) !== false) {
    [$operation, $name, $milliseconds] = explode(' ', rtrim($line, "\n"));
    $value = json_decode(file_get_contents("$argv[1]/$name.json"), true);
    $bytes = file_get_contents("$argv[1]/$name.php");
    // Nobody is timed at another task.
    if (serialize($value) !== $bytes || unserialize($bytes) !== $value) exit(1);
    $run = match ($operation) {
        'write' => function (int $count) use ($value): void {
            while ($count-- > 0) serialize($value);
        },
        'read' => function (int $count) use ($bytes): void {
            while ($count-- > 0) unserialize($bytes);
        },
    };
    echo timed($run, (float) $milliseconds), "\n";
}
