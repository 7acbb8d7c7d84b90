<?php
// Lines in, lines out. "classes": JSON, [class, verdict of O:, of C:, of E:] for every class and
// interface that every PHP has. "bytes <base64>": the verdict on them.
error_reporting(0);

const EXTENSIONS = ['Core', 'date', 'hash', 'json', 'pcre', 'random', 'Reflection', 'SPL', 'standard'];

class Plain { public $a = 1; }
enum Suit { case Hearts; }

function verdict(string $bytes): bool
{
    try {
        return unserialize($bytes) !== false;
    } catch (Throwable) {
        return false;
    }
}

function classes(): array
{
    $rows = [];
    foreach ([...get_declared_classes(), ...get_declared_interfaces()] as $class) {
        if (!in_array((new ReflectionClass($class))->getExtensionName(), EXTENSIONS)) continue;
        $head = strlen($class) . ":\"$class\"";
        $case = strlen($class) + 2 . ":\"$class:A\"";
        $rows[] = [$class, verdict("O:$head:0:{}"), verdict("C:$head:0:{}"), verdict("E:$case;")];
    }
    return $rows;
}

while (($line = fgets(STDIN)) !== false) {
    [$operation, $text] = explode(' ', rtrim($line, "\n")) + ['', ''];
    echo json_encode($operation === 'classes' ? classes() : verdict(base64_decode($text))), "\n";
}
