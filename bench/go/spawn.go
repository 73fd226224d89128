// SPDX-License-Identifier: MIT

// Start a batch of goroutines (first argument) and wait for them.
package main

import (
	"sync"
	"time"
)

const spawns = 300000

func spawnBatch(batch int) {
	var done sync.WaitGroup
	done.Add(batch)
	for i := 0; i < batch; i++ {
		go done.Done()
	}
	done.Wait()
}

func main() {
	batch := arg(1)
	printMedian(func() float64 {
		start := time.Now()
		for i := 0; i < spawns; i += batch {
			spawnBatch(batch)
		}
		return perOp(start, spawns)
	})
}
