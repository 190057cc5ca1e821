// SPDX-License-Identifier: Apache-2.0
// The first program, in Rust; its run-time sets up an alternative signal stack and reads /proc/self/maps or the auxiliary vector.
use std::collections::BTreeMap;

fn main() {
    let mut count: BTreeMap<char, usize> = BTreeMap::new();
    for c in "hello from Rust".chars() {
        *count.entry(c).or_default() += 1;
    }
    println!("hello from Rust: {:?}", count);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("{} arguments: {:?}", arguments.len(), arguments);
    std::process::exit(arguments.len() as i32);
}
