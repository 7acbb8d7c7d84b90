<?php
// The page of page.mjs and server.mjs once more, in PHP: same session, same look.
// `npm run start:php` starts it with the settings that both sides must share.

declare(strict_types=1);

const GOODS = [
    'coffee' => ['Coffee', 320],
    'croissant' => ['Croissant', 240],
    'juice' => ['Orange juice', 410],
];

$peer = (string) getenv('PEER_URL');
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/style.css') {
    return false; // PHP's own server sends the file
}

$route = $_SERVER['REQUEST_METHOD'] . ' ' . $path;
$embed = isset($_GET['embed']);

if ($route === 'GET /') {
    session_start();
    if (!$embed) {
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
    }
    $stored = (string) session_encode();
    $id = (string) session_id();
    $embed ? session_abort() : session_write_close(); // inside the other page it only looks
    show($_SESSION, $id, $stored, $embed, $peer);
    return true;
}

$actions = [
    'POST /add' => function (): void {
        $item = (string) ($_POST['item'] ?? '');
        if (isset(GOODS[$item])) {
            $_SESSION['cart'][$item] = ($_SESSION['cart'][$item] ?? 0) + 1;
        }
    },
    'POST /empty' => function (): void {
        unset($_SESSION['cart']);
    },
    'POST /login' => function (): void {
        $name = trim((string) ($_POST['name'] ?? ''));
        if (preg_match('/^.{1,40}/us', $name, $match) === 1) {
            session_regenerate_id(true); // a stolen or planted id is worth nothing from here on
            $_SESSION['user'] = $match[0];
        }
    },
    'POST /logout' => function (): void {
        session_destroy();
        setcookie(session_name(), '', ['expires' => 1, 'path' => '/', 'httponly' => true, 'samesite' => 'Lax']);
    },
];

if (!isset($actions[$route])) {
    http_response_code(404);
    header('Content-Type: text/plain');
    echo "There is no such page.\n";
    return true;
}

session_start();
$actions[$route]();
session_write_close();
$back = isset($_POST['embed']) ? $peer : '';
header("Location: $back/", true, 303);
return true;

/** Everything that is printed passes here. */
function text(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

function money(int $cents): string
{
    return '€ ' . number_format($cents / 100, 2);
}

/** @param array<string, string> $fields */
function button(bool $embed, string $action, string $text, array $fields = [], string $label = ''): string
{
    $hidden = '';
    foreach ($fields as $name => $value) {
        $hidden .= '<input type="hidden" name="' . text($name) . '" value="' . text($value) . '">';
    }
    $name = $label === '' ? '' : ' aria-label="' . text($label) . '"';
    return '<form method="post" action="/' . $action . '"' . target($embed) . '>' . embedField($embed)
        . $hidden . "<button$name>" . text($text) . '</button></form>';
}

/** Forms inside the other page answer to the whole window. */
function target(bool $embed): string
{
    return $embed ? ' target="_top"' : '';
}

function embedField(bool $embed): string
{
    return $embed ? '<input type="hidden" name="embed" value="1">' : '';
}

/** @param array<string, mixed> $data */
function show(array $data, string $id, string $stored, bool $embed, string $peer): void
{
    header('Content-Type: text/html; charset=utf-8');
    header("Content-Security-Policy: default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self' $peer; frame-src $peer; frame-ancestors $peer");
    $short = text(substr($id, 0, 6)) . '…'; // the id is a secret, so only its beginning is shown
    $cart = $data['cart'] ?? [];
    $total = 0;
    foreach (GOODS as $key => [, $cents]) {
        $total += $cents * ($cart[$key] ?? 0);
    }
    ?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One session, PHP</title>
<link rel="stylesheet" href="/style.css">
</head>
<body class="php<?= $embed ? ' embed' : '' ?>">
<header class="top">
<h1>One session, two languages</h1>
<p>A Node server and a PHP server share the same session files. Click on either side, and see both change.</p>
</header>
<main class="panes">
<section class="card" aria-label="The PHP page">
<header><span class="badge">PHP</span><h2>Written in PHP</h2><span class="id">id <code data-id><?= $short ?></code></span></header>
<div class="block count"><strong data-visits><?= (int) ($data['visits'] ?? 0) ?></strong>
<p>page views in this session<br><span class="hint">counted by whichever page you open</span></p></div>
<div class="block"><h3>Account</h3>
<?php if (isset($data['user'])) { ?>
<div class="row"><p class="grow">Hello, <strong data-user><?= text((string) $data['user']) ?></strong></p>
<?= button($embed, 'logout', 'Log out') ?></div>
<p class="hint">Logging out destroys the session.</p>
<?php } else { ?>
<form method="post" action="/login"<?= target($embed) ?>><?= embedField($embed) ?>

<label for="name">Your name</label>
<div class="row"><span class="grow"><input id="name" name="name" maxlength="40" required autocomplete="off"></span>
<button class="main">Log in</button></div>
<p class="hint">Logging in gives the session a new id.</p></form>
<?php } ?>
</div>
<div class="block"><h3>Cart</h3>
<ul class="goods">
<?php foreach (GOODS as $key => [$name, $cents]) { ?>
<li><span><?= $name ?></span><span class="price"><?= money($cents) ?></span>
<output data-quantity="<?= $key ?>" aria-label="<?= $name ?> in the cart"><?= (int) ($cart[$key] ?? 0) ?></output>
<?= button($embed, 'add', 'Add', ['item' => $key], "Add $name") ?></li>
<?php } ?>
</ul>
<div class="row"><p class="grow">Total <strong><?= money($total) ?></strong></p><?= $total > 0 ? button($embed, 'empty', 'Empty') : '' ?></div>
</div>
<div class="block"><h3>What is stored</h3>
<pre data-stored><?= $stored === '' ? '(nothing yet)' : text($stored) ?></pre>
<p class="hint">The file <code>sess_<?= $short ?></code>, <?= strlen($stored) ?> bytes, as PHP writes them.</p></div>
</section>
<?php if (!$embed) { ?>
<iframe src="<?= text($peer) ?>/?embed=1" title="The Node page"></iframe>
<?php } ?>
</main>
</body>
</html>
    <?php
}
