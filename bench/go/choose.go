// SPDX-License-Identifier: MIT

// Select among four channels, all of them ready.
package main

import "time"

const rounds = 1000000

func once() float64 {
	var ch [4]chan int
	for i := range ch {
		ch[i] = make(chan int, 1)
		ch[i] <- 0
	}
	start := time.Now()
	for i := 0; i < rounds; i++ {
		select {
		case <-ch[0]:
			ch[0] <- i
		case <-ch[1]:
			ch[1] <- i
		case <-ch[2]:
			ch[2] <- i
		case <-ch[3]:
			ch[3] <- i
		}
	}
	return perOp(start, rounds)
}

func main() {
	printMedian(once)
}
