// SPDX-License-Identifier: Apache-2.0

// A thousand goroutines, timers, preemption and a child process.
package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() {
	runtime.GOMAXPROCS(4)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	ch := make(chan int)
	for i := 0; i < 1000; i++ {
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			mu.Lock()
			total += n
			mu.Unlock()
			ch <- n
		}(i)
	}
	sum := 0
	for i := 0; i < 1000; i++ {
		sum += <-ch
	}
	wg.Wait()
	fmt.Println(total, sum)
	stop := false
	go func() {
		for !stop { // never yields: the runtime preempts it by a signal
		}
	}()
	runtime.GC()
	select {
	case <-time.After(20 * time.Millisecond):
		fmt.Println("a timer")
	}
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var p *int
		fmt.Println(*p)
	}()
	cmd := exec.Command("tr", "a-z", "A-Z")
	cmd.Stdin = strings.NewReader("a child\n")
	out, err := cmd.Output()
	fmt.Printf("%q %v\n", out, err)
	fmt.Println(exec.Command("sh", "-c", "exit 4").Run())
}
