/**
 * The lock helper in Perl: what Debian, Ubuntu, macOS and the official Node images have.
 *
 * Only what the interpreter itself brings; the numbers are flock(2)'s and the same everywhere:
 * 1 shared, 2 exclusive, 4 do not wait, 8 unlock; error 4 is an interrupted call.
 *
 * A lock that is not free is waited for by a forked child: flock belongs to the open file, which
 * both share, so the child waits in the kernel's queue on behalf of the helper.
 *
 * @module
 */

/** Speaks the protocol of flock-helper.ts on its standard input and output. */
export const PERL_HELPER = `
use strict;
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT PIPE);
my ($in, %file, %child, %turn) = ('');

sub answer { syswrite STDOUT, join(' ', @_) . "\\n" }

sub drop {
  my ($n) = @_;
  if (my $child = delete $child{$n}) {
    kill 'KILL', $child;
    waitpid $child, 0;
    delete $turn{$child};
  }
  my $file = delete $file{$n} or return;
  flock $file, 8;
  close $file;
}

sub wait_for {
  my ($n, $how, $helper) = (@_, $$);
  my $child = fork;
  return answer('E', $n, $! + 0) unless defined $child;
  if ($child) { $child{$n} = $child; $turn{$child} = $n; return }
  close STDIN;
  $_ == $n or close $file{$_} for keys %file;
  until (flock $file{$n}, $how) {
    next if $! == 4;
    answer('E', $n, $! + 0);
    exit;
  }
  answer('G', $n) if getppid == $helper;
  exit;
}

sub take {
  my ($n, $mode, $path) = @_;
  open my $file, '+<', pack('H*', $path) or return answer('E', $n, $! + 0);
  $file{$n} = $file;
  my $how = $mode eq 's' ? 1 : 2;
  flock($file, $how | 4) ? answer('G', $n) : wait_for($n, $how);
}

sub obey {
  my ($word, $n, @rest) = split / /, $_[0];
  return take($n, @rest) if $word eq 'L';
  drop($n);
  answer('D', $n) if $word eq 'C';
}

sub reap {
  while ((my $child = waitpid -1, 1) > 0) {
    my $n = delete $turn{$child};
    delete $child{$n} if defined $n;
  }
}

answer('R');
while (1) {
  my $got = sysread STDIN, $in, 65536, length $in;
  next if !defined $got && $! == 4;
  last unless $got;
  reap();
  obey($1) while $in =~ s/^([^\\n]*)\\n//;
}
kill 'KILL', keys %turn;
`
