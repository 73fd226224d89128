// SPDX-License-Identifier: MIT

// A mutex nobody else wants, locked or unlocked.
package main

import (
	"sync"
	"time"
)

const rounds = 5000000

func once() float64 {
	var m sync.Mutex
	start := time.Now()
	for i := 0; i < rounds; i++ {
		m.Lock()
		m.Unlock()
	}
	return perOp(start, 2*rounds)
}

func main() {
	printMedian(once)
}
