// SPDX-License-Identifier: MIT

// Channels: a round trip over two that are unbuffered; or with the argument 1,
// an element into the buffer of one and out again.
package main

import "time"

const (
	rounds   = 500000
	capacity = 1000
)

func roundTrip() float64 {
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n
		}
	}()
	start := time.Now()
	for i := 0; i < rounds; i++ {
		there <- i
		if <-back != i {
			panic("echo")
		}
	}
	close(there)
	return perOp(start, rounds)
}

func buffered() float64 {
	ch := make(chan int, capacity)
	start := time.Now()
	for i := 0; i < rounds; i += capacity {
		for j := 0; j < capacity; j++ {
			ch <- j
		}
		for j := 0; j < capacity; j++ {
			<-ch
		}
	}
	return perOp(start, 2*rounds)
}

func main() {
	if arg(0) == 0 {
		printMedian(roundTrip)
	} else {
		printMedian(buffered)
	}
}
