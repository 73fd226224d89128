// SPDX-License-Identifier: MIT

// A million goroutines yield, in random order.
//
// They line up at the gate in the order in which main lets them start, and
// leave it in that order when it opens.
package main

import (
	"fmt"
	"math/rand"
	"runtime"
	"sort"
	"time"
)

const million = 1000000
const rounds = 5

func yielder(start, gate chan bool) {
	<-start
	<-gate
	for {
		runtime.Gosched()
	}
}

func startShuffled() {
	gate := make(chan bool)
	starts := make([]chan bool, million)
	for i := range starts {
		starts[i] = make(chan bool)
		go yielder(starts[i], gate)
	}
	runtime.Gosched()
	for _, i := range rand.Perm(million) {
		close(starts[i])
	}
	runtime.Gosched()
	close(gate)
	runtime.Gosched()
}

func main() {
	runtime.GOMAXPROCS(1)
	startShuffled()
	times := make([]float64, rounds)
	for i := range times {
		start := time.Now()
		runtime.Gosched()
		times[i] = perOp(start, million)
	}
	sort.Float64s(times)
	fmt.Printf("%.2f\n", times[rounds/2])
}
