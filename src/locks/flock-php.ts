/**
 * The lock helper in PHP, for its command line with the pcntl and posix extensions (Debian's has them).
 *
 * It says nothing where they are missing, so the next provider is tried.
 *
 * @module
 */

/** Speaks the protocol of flock-helper.ts on its standard input and output. */
export const PHP_HELPER = `
if (!function_exists('pcntl_fork') || !function_exists('posix_kill')) exit(1);
foreach ([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] as $signal) pcntl_signal($signal, SIG_IGN);
$file = $child = $turn = [];

function tell(...$words) { fwrite(STDOUT, implode(' ', $words) . "\\n"); }

function drop($n) {
  global $file, $child, $turn;
  if (isset($child[$n])) {
    posix_kill($child[$n], SIGKILL);
    pcntl_waitpid($child[$n], $status);
    unset($turn[$child[$n]], $child[$n]);
  }
  if (!isset($file[$n])) return;
  flock($file[$n], LOCK_UN);
  fclose($file[$n]);
  unset($file[$n]);
}

function wait_for($n, $how) {
  global $file, $child, $turn;
  $helper = getmypid();
  $pid = pcntl_fork();
  if ($pid < 0) { tell('E', $n, 11); return; }
  if ($pid > 0) { $child[$n] = $pid; $turn[$pid] = $n; return; }
  fclose(STDIN);
  foreach ($file as $other => $handle) if ($other !== $n) fclose($handle);
  if (!flock($file[$n], $how)) tell('E', $n, 5);
  elseif (posix_getppid() === $helper) tell('G', $n);
  posix_kill(getmypid(), SIGKILL);
}

function take($n, $mode, $path) {
  global $file;
  $handle = @fopen(hex2bin($path), 'r+');
  if ($handle === false) { tell('E', $n, 5); return; }
  $file[$n] = $handle;
  $how = $mode === 's' ? LOCK_SH : LOCK_EX;
  if (flock($handle, $how | LOCK_NB)) tell('G', $n); else wait_for($n, $how);
}

tell('R');
while (($line = fgets(STDIN)) !== false) {
  while (($pid = pcntl_waitpid(-1, $status, WNOHANG)) > 0) {
    if (isset($turn[$pid])) unset($child[$turn[$pid]], $turn[$pid]);
  }
  $words = explode(' ', rtrim($line, "\\n"));
  $n = (int) $words[1];
  if ($words[0] === 'L') { take($n, $words[2], $words[3]); continue; }
  drop($n);
  if ($words[0] === 'C') tell('D', $n);
}
foreach ($turn as $pid => $n) posix_kill($pid, SIGKILL);
`
