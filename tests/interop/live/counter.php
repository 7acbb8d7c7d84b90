<?php
// One session counter, served by PHP beside Node. ini settings come from the command line.
class Cart { public $items = []; protected $owner = 'me'; private $total = 12.0; }

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
session_start();
switch ($path) {
    case '/increment':
        $n = $_SESSION['n'];
        usleep(random_int(5000, 20000));
        $_SESSION['n'] = $n + 1;
        break;
    case '/login':
        session_regenerate_id(true);
        $_SESSION['user'] = ['id' => 7, 'name' => "Zo\u{eb}", 'roles' => ['admin', 'editor']];
        $_SESSION['cart'] = new Cart();
        $_SESSION['price'] = 5.0;
        $_SESSION['binary'] = "\xff\x00\x80";
        $_SESSION['n'] = 0;
        break;
    case '/hold':
        usleep(300000);
        break;
    case '/describe':
        var_dump($_SESSION);
        exit;
}
echo $_SESSION['n'] ?? 'none';
