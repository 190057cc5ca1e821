// SPDX-License-Identifier: Apache-2.0
// The first program, in Go.
package main

import "fmt"

func main() {
	done := make(chan string)
	go func() { done <- "hello from Go" }()
	fmt.Println(<-done)
}
