// SPDX-License-Identifier: MIT

// Two goroutines take turns by runtime.Gosched.
package main

import (
	"runtime"
	"sync"
	"time"
)

const turns = 1000000

func once() float64 {
	var done sync.WaitGroup
	start := time.Now()
	done.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			for i := 0; i < turns; i++ {
				runtime.Gosched()
			}
			done.Done()
		}()
	}
	done.Wait()
	return perOp(start, 2*turns)
}

func main() {
	printMedian(once)
}
