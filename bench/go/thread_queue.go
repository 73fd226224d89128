// SPDX-License-Identifier: MIT

// A channel between goroutines that are locked to two threads: elements through
// one that is buffered; or with the argument 1, round trips over two.
package main

import (
	"runtime"
	"time"
)

const (
	items  = 200000
	rounds = 5000
	bound  = 1000
)

func stream() float64 {
	there := make(chan int, bound)
	start := time.Now()
	go func() {
		runtime.LockOSThread()
		for i := 0; i < items; i++ {
			there <- i
		}
	}()
	for i := 0; i < items; i++ {
		if <-there != i {
			panic("order")
		}
	}
	return perOp(start, items)
}

func roundTrips() float64 {
	there, back := make(chan int, bound), make(chan int, bound)
	start := time.Now()
	go func() {
		runtime.LockOSThread()
		for i := 0; i < rounds; i++ {
			back <- <-there
		}
	}()
	for i := 0; i < rounds; i++ {
		there <- i
		if <-back != i {
			panic("echo")
		}
	}
	return perOp(start, rounds)
}

func main() {
	runtime.LockOSThread()
	if arg(0) == 0 {
		printMedian(stream)
	} else {
		printMedian(roundTrips)
	}
}
