// SPDX-License-Identifier: MIT

// Stop and start anew one of the first N of a million live timers.
package main

import (
	"math/rand"
	"runtime"
	"time"
)

const million = 1000000

func deadline() time.Duration {
	return 100*time.Second + time.Duration(rand.Uint64()>>27)
}

func main() {
	runtime.GOMAXPROCS(1)
	changing := arg(million)
	timers := make([]*time.Timer, million)
	for i := range timers {
		timers[i] = time.NewTimer(deadline())
	}
	printMedian(func() float64 {
		start := time.Now()
		for i := 0; i < million; i++ {
			timer := timers[rand.Intn(changing)]
			timer.Stop()
			timer.Reset(deadline())
		}
		return perOp(start, million)
	})
}
