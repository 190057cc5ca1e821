# SPDX-License-Identifier: Apache-2.0
# Hashes, regular expressions, sprintf, sort, pack, files and directories in Perl.
use strict;
use warnings;
use POSIX qw(floor strftime);
use Digest::MD5 qw(md5_hex);

my ($path) = @ARGV;
my %count;
open(my $in, '<', $path) or die "$path: $!";
while (<$in>) {
    $count{lc $1}++ while /(\w+)/g;
}
close $in;
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
printf "%-12s %8d\n", $_, $count{$_} for @top;
mkdir 'perl.d' or die $!;
for my $i (1 .. 20) {
    open(my $out, '>', "perl.d/f$i") or die $!;
    print $out pack('Nnd<', $i, $i * 3, sqrt $i);
    close $out;
}
opendir(my $dir, 'perl.d') or die $!;
my @names = sort grep { !/^\./ } readdir $dir;
print scalar(@names), " files, ", -s 'perl.d/f3', " bytes each; ", md5_hex(join ' ', @names), "\n";
unlink 'perl.d/f1' or die $!;
print strftime('%Y-%m-%d %H:%M:%S', gmtime 86400 * 365), " ", floor(-1.5), "\n";
print STDERR "a warning\n";
eval { die { code => 4 } };
exit $@->{code};
