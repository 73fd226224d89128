#!/bin/sh
# SPDX-License-Identifier: MIT
#
# examples/demo.sh [BUILD_DIR] - what "make demo" shows: a server that takes
# 50 ms for each answer, and 2000 files fetched from it on one thread; and a
# server that makes a thread for each connection, natively and under gev run.

set -eu

build=${1:-${BUILD:-build}}
files=2000
latency=50
connections=1000
seconds=2
work=$(mktemp -d)
server=

stop_server() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" 2>/dev/null || :
	fi
	server=
}

finish() {
	status=$?
	trap - EXIT
	stop_server
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The first $files files of a tree, with their checksums.
list() {
	(cd "$1" && find . -type f -readable -size -256k -print0 2>/dev/null |
		head -z -n $((files + files / 10)) |
		xargs -0 -r sha256sum 2>/dev/null |
		grep -v '^\\' | head -n "$files") >"$work/SHA256SUMS"
	[ "$(wc -l <"$work/SHA256SUMS")" -eq "$files" ]
}

generate() {
	mkdir "$work/tree"
	seq 1 200000 | split -l $((200000 / files)) -a 4 - "$work/tree/"
}

find_tree() {
	for tree in /usr/include /usr/share/doc /usr/share /usr; do
		if [ -d "$tree" ] && list "$tree"; then
			return
		fi
	done
	tree=$work/tree
	generate
	list "$tree"
}

find_tree
mkfifo "$work/started"
"$build/examples/file_server" --root "$tree" --port 0 --latency "$latency" \
	--quiet >"$work/started" &
server=$!
read -r line <"$work/started"

echo "file_server: $line, $latency ms for each answer"
echo "concurrent_download: $files of its files, a greenlet for each"
"$build/examples/concurrent_download" --sums "$work/SHA256SUMS" \
	--sample 20 "${line##* at }"
stop_server

# Kernel threads, and their memory in MiB: with page tables and, 16 KiB for
# each thread, the kernel's stacks.
weigh() {
	awk '/^Threads:/ { n = $2 }
		/^Vm(RSS|PTE):/ { kib += $2 }
		END { printf "%d %.0f\n", n, (kib + 16 * n) / 1024 }' \
		"/proc/$server/status"
}

# measure WAY [COMMAND...]: thread_echo on one core, while it is loaded.
measure() {
	way=$1
	shift
	taskset -c "$core" "$@" "$build/examples/thread_echo" >"$work/started" &
	server=$!
	read -r port <"$work/started"
	"$build/examples/echo_load" "$port" "$server" "$connections" \
		$((seconds * 1000)) >"$work/load" &
	load=$!
	while kill -0 "$load" 2>/dev/null; do
		weigh
		sleep 0.2
	done >"$work/weights"
	wait "$load"
	stop_server
	sort -n "$work/weights" | tail -n 1 >"$work/weight"
	read -r threads mib <"$work/weight"
	read -r ns rate <"$work/load"
	printf '  %-16s%14s%10s%14s%14s\n' "$way" "$threads" "$mib" \
		"${rate%.*}" "$((${ns%.*} / 1000))"
}

gev=$build/src/tool/gev
if ! why=$("$gev" run true 2>&1); then
	echo "gev run: not here: $why"
	exit
fi
core=$(taskset -cp $$ | sed 's/.*[ ,-]//')
echo
echo "thread_echo: a thread for each of $connections connections, on one core"
printf '  %-16s%14s%10s%14s%14s\n' '' 'kernel threads' 'MiB' 'messages/s' \
	'us of CPU'
measure natively
measure 'under gev run' "$gev" run
