#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Seeds for fuzz_gate: text with SYSCALLs as programs have them, then steps: trap, settle, change the mapping.
dir=$1
text='\013\100\000\270\047\000\000\000\017\005\303\220\220\220\012\143\000\211\370\017\005\110\075\000\360\377\377\010\200\020\114\213\114\044\010\017\005\303\000'
trap0='\000\000\100\000\000\000\000\000\000\000'
trap1='\000\001\143\000\000\000\000\000\000\000'
trap2='\001\000\200\020\000\000\000\000\000\000'
settle='\003\001\000\000\005\000\000\000\000\000\003\004\000\000\003\000\000\000\000\000\003\142\001\000\000\000\000\000\000\000'
printf "$text$trap0$trap1$trap2$settle" >"$dir/traps"
printf "$text$trap0$trap1$settle\006\001\000\000\000\000\000\000\000\000$trap0" >"$dir/writable"
printf "$text$trap1$trap0\006\004\000\000\000\000\000\000\000\000$settle\006\000\001\000\000\000\000\000\000\000" >"$dir/unmapped"
printf "$text$trap1\006\003\000\000\000\000\000\000\000\000\006\005\000\000\000\000\000\000\000\000$trap0" >"$dir/moved"
# An XOR before a SYSCALL whose own jump would lead into the text.
xor='\012\240\000\061\300\017\005\000\000\000\303\220\220\000'
trapx='\000\000\240\000\000\000\000\000\000\000'
printf "$xor$trapx$trapx$trapx$settle" >"$dir/xor"
printf "$xor$trapx$trapx\006\001\000\000\000\000\000\000\000\000$trapx$settle" >"$dir/xor-writable"
